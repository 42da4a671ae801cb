import { createHash } from 'node:crypto';

/** How TypeScript is compiled; to which kind of module is what Jest asks for. */
export const swc = {
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
    target: 'es2022',
    keepClassNames: true,
  },
  sourceMaps: true,
};

/** ES modules that CommonJS in node_modules requires, which Jest cannot do before Node 24.9. */
const REQUIRED_MODULES = '(?:cookie|content-disposition)/dist';

/** test/package is of applications that install the package. */
export const IGNORED = ['/node_modules/', '<rootDir>/test/package/'];

/** @type {import('jest').Config} */
export default {
  // Of this folder, whichever the configuration: both have the same compiled files.
  id: createHash('sha256')
    .update(import.meta.dirname)
    .digest('hex')
    .slice(0, 32),
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  // What needs a server, a browser or a long time is of jest.services.config.js.
  testPathIgnorePatterns: [...IGNORED, '<rootDir>/test/services/', '\\.long\\.spec\\.ts$'],
  testEnvironment: '<rootDir>/test/support/jest/process.environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    [`\\.ts$|/${REQUIRED_MODULES}/.*\\.js$`]: ['<rootDir>/test/support/jest/swc.transformer.mjs', swc],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:.+/)?${REQUIRED_MODULES}/)`],
  moduleNameMapper: {
    '^nestjs-monitoring$': '<rootDir>/lib/index.ts',
    '^nestjs-monitoring/(\\w+)$': '<rootDir>/lib/$1.ts',
    '^typescript$': '<rootDir>/test/support/jest/typescript.cjs',
    '^fast-check$': '<rootDir>/test/support/jest/fast-check.mjs',
    '^(\\.{1,2}/.*)\\.js$': ['$1', '$1.js'],
  },
  setupFiles: ['reflect-metadata'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/build/'],
  testTimeout: 120_000,
  testEnvironmentOptions: { globalsCleanup: 'off' },
  maxWorkers: '100%',
  workerIdleMemoryLimit: '700MB',
  watchman: false,
};
