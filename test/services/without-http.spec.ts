import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonMetrics } from 'nestjs-monitoring/exporters';
import { complaintsAbout, extracted } from '../exporters/embedded-metrics/embedded-format.js';
import { describeWith } from './support/binaries.js';
import { buildLibrary, ROOT } from './support/built.js';
import { RedisServer } from './support/redis.server.js';

/** What an application of a kind has done when it has ended. */
interface Expected {
  readonly kind: string;
  readonly code?: number;
  readonly signal?: string;
  /** Sums of metrics in the last push; null if there was none. */
  readonly written: Readonly<Record<string, number>> | null;
  readonly told?: object;
}

interface Told {
  readonly warnings: readonly string[];
  readonly statuses?: readonly number[];
}

const EXPECTED = JSON.parse(
  readFileSync(join(ROOT, 'test/package/without-http/expected.json'), 'utf8'),
) as Expected[];

/** Longer than any of them takes on a busy machine; a process that does not end by itself is killed. */
const END_MS = 200_000;

let folder = '';
beforeAll(buildLibrary, 180_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-kinds-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Starts an application as a process and waits until it has ended by itself. */
async function run(kind: string, { env = {}, args = {}, readsLog = true } = {}) {
  const outputFile = join(folder, 'metrics.json');
  const toldFile = join(folder, 'told.json');
  const child = spawn(
    process.execPath,
    ['test/package/without-http/app.mjs', JSON.stringify({ kind, outputFile, toldFile, ...args })],
    { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: END_MS },
  );
  const log = readsLog ? text(child.stdout) : once(child.stdout, 'data').then(() => child.stdout.destroy());
  const [errors, [code, signal]] = await Promise.all([
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, string | null]>,
  ]);
  const told = await readFile(toldFile, 'utf8').then(
    (json) => JSON.parse(json) as Told,
    () => undefined,
  );
  const written = await readFile(outputFile, 'utf8').then(
    (json) => (JSON.parse(json) as JsonMetrics).metrics,
    () => null,
  );
  return { code, signal, told, written, errors, log: readsLog ? ((await log) as string) : '' };
}

/** Returns the sum of the values or the counts of a metric. */
function sumOf(metrics: JsonMetrics['metrics'], name: string): number {
  return (metrics[name]?.series ?? []).reduce(
    (sum, series) => sum + ('value' in series ? (series.value ?? NaN) : series.count),
    0,
  );
}

async function expectAsExpected({ kind, code, signal, written, told }: Expected, args = {}): Promise<void> {
  const ended = await run(kind, { args });
  expect([ended.code, ended.signal]).toEqual([code ?? null, signal ?? null]);
  const sums =
    ended.written &&
    Object.fromEntries(Object.keys(written ?? {}).map((name) => [name, sumOf(ended.written!, name)]));
  expect(sums).toEqual(written);
  // A process that ends by a signal tells nothing.
  if (signal === undefined) expect(ended.told).toMatchObject({ warnings: [], ...told });
}

describe('an application without HTTP, or with other servers beside', () => {
  it.each(EXPECTED)('ends by itself, with its own outcome and a last push: a $kind', (expected) =>
    expectAsExpected(expected),
  );
});

describeWith(['redis-server'], 'a microservice over Redis', () => {
  it('ends by itself, with its own outcome and a last push', async () => {
    const redis = await RedisServer.start();
    try {
      const expected = EXPECTED.find(({ kind }) => kind === 'TCP microservice')!;
      await expectAsExpected({ ...expected, kind: 'Redis microservice' }, { redisPort: redis.port });
    } finally {
      await redis.stop();
    }
  });
});

describe('a function on AWS Lambda', () => {
  const env = { AWS_LAMBDA_FUNCTION_NAME: 'shop', LAMBDA_TASK_ROOT: '/var/task', NODE_ENV: 'production' };

  it('writes whole lines between those of the application, and ends by itself', async () => {
    const { code, told, log, written } = await run('function', { env });
    expect([code, told, written]).toEqual([
      0,
      { warnings: [], statuses: [200, 200, 200], exitCode: 0 },
      null,
    ]);
    const lines = log.trimEnd().split('\n');
    const documents = lines.filter((line) => line !== 'a line of the application');
    expect(lines.length - documents.length).toBe(3);
    expect(documents.flatMap(complaintsAbout)).toEqual([]);
    const requests = documents.flatMap(extracted).filter(({ name }) => name === 'http_requests_total');
    expect(requests.map(({ value, dimensions }) => [value, dimensions['route']])).toEqual([
      [1, '/orders/:id'],
      [1, '/orders/:id'],
      [1, '/orders/:id'],
    ]);
  });

  it('counts for itself in each of two environments', async () => {
    const ended = await Promise.all([
      run('function', { env }),
      run('function', { env, args: { toldFile: join(folder, 'other.json') } }),
    ]);
    const sums = ended.map(({ log }) =>
      log
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .flatMap(extracted)
        .filter(({ name }) => name === 'http_requests_total')
        .reduce((sum, { value }) => sum + (value as number), 0),
    );
    expect(sums).toEqual([3, 3]);
  });

  it('serves and ends as ever when nobody reads its log any more, and warns once on the standard error', async () => {
    const { code, told, errors } = await run('function whose log nobody reads', { env, readsLog: false });
    expect([code, new Set(told?.statuses)]).toEqual([0, new Set([200])]);
    expect(told?.statuses?.length).toBeGreaterThanOrEqual(4);
    expect(told?.warnings).toEqual([
      'Exporter `embedded_metrics` stopped: The stream of the embedded metrics is closed: write EPIPE. It keeps data within the limits of its queue and retries every few minutes.',
    ]);
    expect(errors).toContain(
      'Exporter `embedded_metrics` stopped: The stream of the embedded metrics is closed',
    );
  });
});
