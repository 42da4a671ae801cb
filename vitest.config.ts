import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: {
    alias: {
      'nestjs-monitoring/testing': fileURLToPath(new URL('./lib/testing.ts', import.meta.url)),
      'nestjs-monitoring': fileURLToPath(new URL('./lib/index.ts', import.meta.url)),
    },
  },
  test: {
    include: ['test/**/*.spec.ts'],
    // Of the applications that install the package.
    exclude: ['test/package/**', '**/node_modules/**'],
    setupFiles: ['reflect-metadata'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Real servers on a busy machine: what fails is tried once more, and the report says that it was.
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
