import { availableParallelism } from 'node:os';
import shared, { IGNORED } from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...shared,
  testMatch: ['<rootDir>/test/services/**/*.spec.ts', '<rootDir>/test/**/*.long.spec.ts'],
  testPathIgnorePatterns: IGNORED,
  testTimeout: 400_000,
  testSequencer: '<rootDir>/test/support/jest/longest-first.sequencer.mjs',
  // More than there are cores: these tests wait for servers and processes for more than half of their time.
  maxWorkers: availableParallelism() * 2,
};
