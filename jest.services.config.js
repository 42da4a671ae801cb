import shared, { IGNORED } from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...shared,
  testMatch: ['<rootDir>/test/services/**/*.spec.ts', '<rootDir>/test/**/*.long.spec.ts'],
  testPathIgnorePatterns: IGNORED,
};
