import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MonitoringOptions } from 'nestjs-monitoring';
import { MonitoringOptionsError } from '../../lib/options/option-checks.js';
import { resolveOptions } from '../../lib/module/monitoring.options.js';
import { runs } from './fuzz-runs.js';

/** Options that work, with every option in it. */
const WORKING = {
  enabled: true,
  defaultLabels: { service: 'test' },
  seriesLimit: 10,
  endpoints: {
    metrics: 'metrics',
    health: 'health',
    readiness: 'ready',
    liveness: 'alive',
    startup: 'startup',
    dashboard: 'dashboard',
    alerts: 'monitoring',
    useGlobalPrefix: false,
    auth: { basic: { username: 'a', password: 'b' } },
    failedAuth: { maxFailures: 1, windowMs: 1 },
    listen: { port: 0, host: 'localhost' },
  },
  http: { slowRequestThresholdMs: 1, buckets: [1], ignoreRoutes: ['/a'] },
  outgoingHttp: { maxHosts: 1, ignoreHosts: ['a'], buckets: [1] },
  errors: { process: true, responses: true },
  jobs: { schedule: { maxJobs: 1, buckets: [1] }, bullmq: { maxJobs: 1, buckets: [1] } },
  rpc: { buckets: [1] },
  webSocket: { buckets: [1] },
  graphql: { operationNames: ['a'], resolvers: false, buckets: [1] },
  collectors: {
    runtime: { gc: { intervalMs: 1_000 }, heap: false },
    system: { intervalMs: 1_000, cpu: { intervalMs: 1_000 }, memory: false },
    database: { slowQueryThresholdMs: 1, intervalMs: 1_000, timeoutMs: 10, maxTables: 5 },
    cache: { intervalMs: 1_000, timeoutMs: 10 },
    queues: { intervalMs: 1_000 },
    api: { windowMs: 60_000, maxEndpoints: 10 },
  },
  business: { isLeader: () => true },
  exporters: {
    prometheus: { createdTimestamps: true },
    json: { outputFile: 'a', rotation: { maxBytes: 5_000, maxFiles: 2 }, intervalMs: 1_000 },
    cloudWatch: { namespace: 'a', region: 'eu-central-1', rollUps: [[]], metrics: ['a'] },
    datadog: { apiKey: 'a', site: 'datadoghq.eu', tags: { a: 'b' }, transport: 'fetch', host: 'h' },
    otlp: {
      url: 'http://localhost/v1',
      headers: { a: 'b' },
      resourceAttributes: { a: 'b' },
      protocol: 'http/json',
    },
    pushgateway: {
      url: 'http://localhost',
      jobName: 'a',
      groupings: { a: 'b' },
      basicAuth: { username: 'a', password: 'b' },
    },
  },
  bridges: {},
  history: { intervalMs: 1_000, retentionMs: 60_000, maxBytes: 1_000_000 },
  health: {
    checkTimeoutMs: 1,
    cacheMs: 0,
    failureThreshold: 1,
    successThreshold: 1,
    refreshIntervalMs: 1_000,
    httpStatus: { healthy: 200 },
    groups: { readiness: ['a'], liveness: [] },
    builtIn: { redis: { critical: true }, disk: false },
    alerts: { severities: ['critical'], status: 'unhealthy' },
    checks: [{ name: 'a', check: () => ({ status: 'healthy' }) }],
    drainDelayMs: 0,
    drainTimeoutMs: 1,
  },
  thresholds: { cpu_percent: { warning: 1, critical: 2 }, memory_percent: 5, disk_percent: false },
  alerting: {
    intervalMs: 5_000,
    rules: [
      {
        name: 'a',
        condition: {
          metric: 'x',
          labels: { a: 'b' },
          aggregate: 'p95',
          windowMs: 60_000,
          groupBy: ['a'],
          operator: '>',
          threshold: 1,
        },
        forMs: 1,
        keepFiringForMs: 1,
        noData: 'ok',
        severity: 'warning',
        message: 'm',
        labels: { a: 'b' },
        annotations: { a: 'b' },
      },
    ],
    handlers: [() => undefined],
  },
  clock: { now: () => 0, monotonic: () => 0 },
};

type Path = readonly (string | number)[];

/** Every place in options, by the keys that lead there. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
}

/** A copy with something else in one place. */
function replaced(value: unknown, [key, ...rest]: Path, by: unknown): unknown {
  if (key === undefined) return by;
  if (Array.isArray(value))
    return value.map((each, i) => (i === Number(key) ? replaced(each, rest, by) : (each as unknown)));
  const record = value as Record<string, unknown>;
  return { ...record, [key]: replaced(record[key], rest, by) };
}

const nothingLikeIt = Object.create(null) as object;
const unprintable = {
  toString(): never {
    throw new Error('unprintable');
  },
};

const anyValue = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
  }),
  fc.constantFrom<unknown>(
    null,
    NaN,
    Infinity,
    -1,
    0,
    1.5,
    '',
    'x',
    [],
    {},
    [null],
    [[]],
    { a: null },
    true,
    false,
  ),
  fc.constantFrom<unknown>(
    Symbol('s'),
    nothingLikeIt,
    unprintable,
    () => undefined,
    10n,
    new Date(NaN),
    /x/g,
  ),
  fc.constantFrom<unknown>(JSON.parse('{"__proto__":1}'), JSON.parse('{"constructor":{"prototype":1}}'), [
    '__proto__',
  ]),
);

/** Tries options; what is thrown must be meant for whoever wrote them. */
function tried(options: unknown): MonitoringOptionsError | undefined {
  try {
    resolveOptions(options as MonitoringOptions, 'test');
    return undefined;
  } catch (error) {
    // Names of metrics, labels and rules have errors of their own, which are meant for the same reader.
    expect((error as Error).name).toMatch(/^(MonitoringOptionsError|MetricDefinitionError|AlertRuleError)$/);
    return error as MonitoringOptionsError;
  }
}

describe('options', () => {
  it('work as they are here', () => {
    expect(tried(WORKING)?.message).toBeUndefined();
  });

  it('with anything anywhere are taken, or refused with the place and not with a TypeError', () => {
    const paths = pathsIn(WORKING);
    expect(paths.length).toBeGreaterThan(150);
    fc.assert(
      fc.property(fc.constantFrom(...paths), anyValue, (path, value) => {
        const refused = tried(replaced(WORKING, path, value));
        if (refused === undefined || path.length === 0) return;
        const [first = '', second] = path;
        // A rule is known by its name.
        const place = first === 'alerting' && second === 'rules' ? /rule/ : new RegExp(`\\b${first}\\b`);
        expect(refused.message).toMatch(place);
      }),
      runs(30),
    );
  });

  it('with a key that nobody knows are refused, and the key is named', () => {
    const objects = pathsIn(WORKING).filter((path) => {
      const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], WORKING);
      return typeof value === 'object' && value !== null && !Array.isArray(value) && !isFree(path);
    });
    fc.assert(
      fc.property(
        fc.constantFrom(...objects),
        fc.constantFrom('constructor', 'toString', 'hasOwnProperty', 'nothing', 'isPrototypeOf'),
        (path, key) => {
          const refused = tried(replaced(WORKING, [...path, key], 1));
          expect([path.join('.'), refused?.message]).toEqual([path.join('.'), expect.stringContaining(key)]);
        },
      ),
      runs(5),
    );
  });
});

/** Where keys are the user's own, or the object is somebody else's. */
function isFree(path: Path): boolean {
  return /(defaultLabels|headers|tags|groupings|resourceAttributes|labels|annotations|clock|checks\.0)$/.test(
    path.join('.'),
  );
}
