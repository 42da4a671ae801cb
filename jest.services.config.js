import shared from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...shared,
  testMatch: ['<rootDir>/test/services/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  testTimeout: 60_000,
};
