const path = require('node:path');

const root = path.resolve(__dirname, '../../..');

module.exports = {
  rootDir: __dirname,
  cacheDirectory: path.resolve(root, 'node_modules/.cache/jest'),
  testMatch: ['**/*.jest.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': './typescript.transformer.cjs' },
  moduleNameMapper: {
    '^nestjs-monitoring$': path.resolve(root, 'lib/index.ts'),
    '^nestjs-monitoring/testing$': path.resolve(root, 'lib/testing.ts'),
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  watchman: false,
};
