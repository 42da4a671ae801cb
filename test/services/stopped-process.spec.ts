import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from '@jest/globals';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import { buildLibrary, ROOT } from './support/built.js';

beforeAll(buildLibrary, 240_000);

it('the record of a job does not say that its code ran while the process was stopped', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['test/services/fixture/stopped-app.mjs'], {
    cwd: ROOT,
    // It would stay stopped if what continues it ended before.
    timeout: 100_000,
    killSignal: 'SIGKILL',
  });
  const [{ longestRunMs, longestRunCpuMs, cause }] = JSON.parse(stdout) as [RequestRecord];
  expect(longestRunMs).toBeGreaterThanOrEqual(3_000);
  expect(longestRunCpuMs).toBeLessThan(longestRunMs / 2);
  expect(cause.text).toMatch(
    /^The event loop was blocked for \d{4,} ms during report, in which the process used [\d.]+ ms of CPU: it was stopped, /,
  );
}, 120_000);
