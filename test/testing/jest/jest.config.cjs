const path = require('node:path');

const root = path.resolve(__dirname, '../../..');

function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

module.exports = async () => {
  const { swc } = await import('../../../jest.config.js');
  return {
    rootDir: __dirname,
    cacheDirectory: path.resolve(root, 'node_modules/.cache/jest'),
    testMatch: ['**/*.jest.ts'],
    extensionsToTreatAsEsm: ['.ts'],
    // The library is compiled before an application has it: it is not what the compiler of the application is for.
    transform: {
      [`^${escaped(path.resolve(root, 'lib'))}/.*\\.ts$`]: ['@swc/jest', swc],
      '\\.ts$': './typescript.transformer.cjs',
    },
    moduleNameMapper: {
      '^nestjs-monitoring$': path.resolve(root, 'lib/index.ts'),
      '^nestjs-monitoring/testing$': path.resolve(root, 'lib/testing.ts'),
      '^(\\.{1,2}/.*)\\.js$': '$1',
    },
    watchman: false,
  };
};
