import { availableParallelism } from 'node:os';
import shared, { IGNORED } from './jest.config.js';

/** @type {import('jest').Config} */
export default {
  ...shared,
  testMatch: ['<rootDir>/test/services/**/*.spec.ts', '<rootDir>/test/**/*.long.spec.ts'],
  testPathIgnorePatterns: IGNORED,
  // More than there are cores: these tests wait for servers and processes for most of their time.
  maxWorkers: Math.ceil(availableParallelism() * 1.5),
};
