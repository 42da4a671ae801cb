import { describe, expect, it } from '@jest/globals';
import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type MonitoringClock as Clock,
  MetricDefinitionError,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  MonitoringOptionsError,
  PrometheusExporter,
} from 'nestjs-monitoring';
import { DEFAULT_BUCKETS } from 'nestjs-monitoring/metrics';
import { parseExposition } from '../e2e/fixture/exposition.js';
import { createApp, seriesOf } from '../e2e/fixture/start-app.js';

type Context = Awaited<ReturnType<typeof NestFactory.createApplicationContext>>;

function start(options: unknown): Promise<Context> {
  const module: DynamicModule = {
    module: class AppModule {},
    imports: [MonitoringModule.forRoot(options as MonitoringOptions)],
  };
  return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
}

/** Does something with an application that has these options. */
async function having<T>(
  options: MonitoringOptions | undefined,
  use: (registry: MetricsRegistry, exporter: PrometheusExporter) => T | Promise<T>,
): Promise<T> {
  const app = await start(options);
  try {
    return await use(app.get(MetricsRegistry), app.get(PrometheusExporter));
  } finally {
    await app.close();
  }
}

/** The error that options fail with. */
async function refusalOf(options: unknown): Promise<Error> {
  try {
    const app = await start(options);
    await app.close();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('the options were accepted');
}

function textOf(options: MonitoringOptions | undefined, name?: string): Promise<string> {
  return having(options, (_, exporter) => exporter.generateText(name === undefined ? {} : { names: [name] }));
}

describe('the options by default', () => {
  it('record, without further labels', async () => {
    await having(undefined, async (registry, exporter) => {
      registry.counter('deals_total', 'Deals.').inc();
      expect(await exporter.generateText({ names: ['deals_total'] })).toContain('\ndeals_total 1\n');
    });
  });

  it('allow a thousand series a metric', async () => {
    await having({}, (registry) => {
      const deals = registry.counter('deals_total', 'Deals.', { labelNames: ['i'] });
      for (let i = 0; i < 1_001; i++) deals.inc({ i: String(i) });
      expect(seriesOf(registry, 'monitoring_series_overflow_total')).toEqual([
        { labels: { metric: 'deals_total' }, value: 1 },
      ]);
    });
  });

  it('time requests in the usual buckets and call them slow from a second on', async () => {
    await having({}, (registry) => {
      const families = registry.snapshot().families;
      const durations = families.find(({ name }) => name === 'http_request_duration_seconds');
      const slow = families.find(({ name }) => name === 'http_slow_requests_total');
      expect(durations).toMatchObject({ type: 'histogram', upperBounds: DEFAULT_BUCKETS });
      expect(slow?.help).toBe('HTTP requests that took longer than 1000 ms.');
    });
  });

  it('watch the process and the machine', async () => {
    expect(await textOf({}, 'process_cpu_seconds_total')).not.toBe('');
    expect(await textOf({}, 'system_cpus')).not.toBe('');
  });

  it('write no _created samples', async () => {
    await having({}, async (registry, exporter) => {
      registry.counter('deals_total', 'Deals.').inc();
      expect(await exporter.generateText({ format: 'openmetrics' })).not.toContain('_created');
    });
  });

  it('take the time from the machine', async () => {
    await having({}, (registry) => {
      expect(Math.abs(registry.snapshot().timestamp - Date.now())).toBeLessThan(10_000);
    });
  });
});

describe('the options when they are given', () => {
  it('enabled: false records nothing', async () => {
    await having({ enabled: false }, async (registry, exporter) => {
      registry.counter('deals_total', 'Deals.').inc();
      expect(await exporter.generateText()).toBe('');
    });
  });

  it('defaultLabels are on every series, as text', async () => {
    await having(
      { defaultLabels: { service: 'orders', shard: 7, canary: false } },
      async (registry, exporter) => {
        registry.counter('deals_total', 'Deals.').inc();
        expect(parseExposition(await exporter.generateText({ names: ['deals_total'] }))).toEqual([
          { name: 'deals_total', labels: { service: 'orders', shard: '7', canary: 'false' }, value: 1 },
        ]);
      },
    );
  });

  it('seriesLimit turns further label sets away, and the total stays exact', async () => {
    await having({ seriesLimit: 2 }, async (registry, exporter) => {
      const deals = registry.counter('deals_total', 'Deals.', { labelNames: ['i'] });
      for (const i of ['a', 'b', 'c', 'd']) deals.inc({ i });
      const samples = parseExposition(await exporter.generateText({ names: ['deals_total'] }));
      expect(samples).toHaveLength(3);
      expect(samples.reduce((sum, { value }) => sum + value, 0)).toBe(4);
    });
  });

  it('http: false leaves the request metrics out', async () => {
    await having({ http: false }, (registry) => {
      expect(registry.getMetric('http_requests_total')).toBeUndefined();
    });
  });

  it('http.buckets and http.slowRequestThresholdMs are those of the request metrics', async () => {
    await having({ http: { buckets: [0.1, 1], slowRequestThresholdMs: 250 } }, (registry) => {
      const families = registry.snapshot().families;
      expect(families.find(({ name }) => name === 'http_request_duration_seconds')).toMatchObject({
        upperBounds: [0.1, 1],
      });
      expect(families.find(({ name }) => name === 'http_slow_requests_total')?.help).toContain('250 ms');
    });
  });

  it('collectors.runtime: false leaves the metrics of the process out, but for those of the diagnostics', async () => {
    expect(await textOf({ collectors: { runtime: false } })).not.toMatch(/^(process_|nodejs_(?!memory_))/m);
    expect(await textOf({ collectors: { runtime: {} } })).toMatch(/process_.*\n.*nodejs_/s);
  });

  it('collectors.system: false leaves the metrics of the machine out', async () => {
    expect(await textOf({ collectors: { system: false } })).not.toMatch(/^system_/m);
  });

  it('exporters.prometheus.created adds _created samples to OpenMetrics', async () => {
    await having({ exporters: { prometheus: { createdTimestamps: true } } }, async (registry, exporter) => {
      registry.counter('deals_total', 'Deals.').inc();
      expect(await exporter.generateText({ format: 'openmetrics' })).toContain('\ndeals_created ');
    });
  });

  it('clock is where the time comes from', async () => {
    const clock: Clock = { now: () => 1_700_000_000_000, monotonic: () => 5_000 };
    await having({ clock }, (registry) => {
      expect(registry.snapshot().timestamp).toBe(1_700_000_000_000);
    });
  });

  it.each<MonitoringOptions>([
    { endpoints: { metrics: 'ops/metrics', health: '/healthz', readiness: 'a.b_c~d-e/', liveness: false } },
    { endpoints: { auth: { bearerToken: 'T0ken' } } },
    { endpoints: { controllers: true } },
    { endpoints: { auth: { basic: { username: 'ops', password: 'secret' } } } },
    { endpoints: { auth: { guard: { canActivate: () => true } }, useGlobalPrefix: true } },
    { http: { ignoreRoutes: ['/ok', /^\/internal/] } },
    { http: { buckets: [1, 2, Infinity] } },
  ])('are accepted: %o', async (options) => {
    const app = await start(options);
    await expect(app.close()).resolves.toBeUndefined();
  });
});

describe('options that cannot work stop the start', () => {
  const paths = 'a path such as "ops/metrics", or false';
  const top =
    'enabled, defaultLabels, seriesLimit, labelValueLengthLimit, exemplars, conventions, cluster, endpoints, dashboard, http, outgoingHttp, requests, errors, diagnostics, logs, jobs, rpc, webSocket, graphql, collectors, business, exporters, bridges, history, health, thresholds, alerting, clock';
  const ofEndpoints =
    'Known keys: metrics, health, readiness, liveness, startup, dashboard, alerts, controllers, useGlobalPrefix, auth, failedAuth, listen.';

  it.each<[unknown, unknown]>([
    ['all', 'The options of MonitoringModule must be an object; got a string.'],
    [
      { history: { interval: 1 } },
      'Unknown key `interval` in `history`. Known keys: intervalMs, retentionMs, maxBytes. Did you mean `intervalMs`?',
    ],
    [
      { history: { intervalMs: 0 } },
      '`history.intervalMs` must be a number of milliseconds from 1 to 2147483647; got 0.',
    ],
    [{ history: { maxBytes: 0.5 } }, '`history.maxBytes` must be a whole number of at least 1; got 0.5.'],
    [
      { enable: true },
      `Unknown key \`enable\` in the options of MonitoringModule. Known keys: ${top}. Did you mean \`enabled\`?`,
    ],
    [
      { enable: true, endpoint: {} },
      `Unknown keys \`enable\`, \`endpoint\` in the options of MonitoringModule. Known keys: ${top}. Did you mean \`enabled\`?`,
    ],
    [{ enabled: 'yes' }, '`enabled` must be true or false; got the string "yes".'],
    [
      { enabled: 'false' },
      '`enabled` must be true or false; got the string "false". Convert it: `value === \'true\'`.',
    ],
    [
      { http: 'true' },
      '`http` must be true, false or an object of options; got the string "true". Convert it: `value === \'true\'`.',
    ],
    [
      { http: Promise.resolve({}) },
      '`http` must be true, false or an object of options; got a Promise. Await it, or use MonitoringModule.forRootAsync().',
    ],
    [{ history: new Map() }, '`history` must be true, false or an object of options; got a Map.'],
    [
      { exporters: { otlp: { headers: new Headers({ 'x-tenant': 'a' }) } } },
      '`exporters.otlp.headers` must be an object; got a Headers.',
    ],
    [{ thresholds: 80 }, '`thresholds` must be true, false or an object of options; got 80.'],
    [{ enabled: null }, '`enabled` must be true or false; got null.'],
    [{ exemplars: 'trace' }, '`exemplars` must be true, false or a function; got the string "trace".'],
    [{ seriesLimit: 0 }, '`seriesLimit` must be a whole number of at least 1; got 0.'],
    [{ seriesLimit: 1.5 }, '`seriesLimit` must be a whole number of at least 1; got 1.5.'],
    [
      { seriesLimit: '10' },
      '`seriesLimit` must be a whole number of at least 1; got the string "10". Convert it: `Number(value)`.',
    ],
    [{ seriesLimit: NaN }, '`seriesLimit` must be a whole number of at least 1; got NaN.'],
    [{ endpoints: null }, '`endpoints` must be true, false or an object of options; got null.'],
    [
      { endpoints: { metric: 'x' } },
      `Unknown key \`metric\` in \`endpoints\`. ${ofEndpoints} Did you mean \`metrics\`?`,
    ],
    [
      { health: { timeoutMs: 1 } },
      'Unknown key `timeoutMs` in `health`. Known keys: checkTimeoutMs, cacheMs, failureThreshold, successThreshold, refreshIntervalMs, httpStatus, groups, builtIn, alerts, checks, drainDelayMs, drainTimeoutMs.',
    ],
    [
      { health: { checkTimeoutMs: 0 } },
      '`health.checkTimeoutMs` must be a number of milliseconds from 1 to 2147483647; got 0.',
    ],
    [{ health: { cacheMs: -1 } }, '`health.cacheMs` must be a whole number of at least 0; got -1.'],
    [
      { health: { alerts: 'critical' } },
      '`health.alerts` must be true, false or an object of options; got a string.',
    ],
    [
      { health: { alerts: { severity: 'critical' } } },
      'Unknown key `severity` in `health.alerts`. Known keys: severities, status. Did you mean `severities`?',
    ],
    [
      { health: { alerts: { severities: 'critical' } } },
      '`health.alerts.severities` must be a list of at least one of critical, warning, info; got the string "critical".',
    ],
    [
      { health: { alerts: { status: 'down' } } },
      '`health.alerts.status` must be one of healthy, degraded, unhealthy, critical; got the string "down".',
    ],
    [
      { health: { httpStatus: { degraded: 99 } } },
      '`health.httpStatus.degraded` must be an HTTP status from 200 to 599; got 99.',
    ],
    [
      { health: { groups: { ready: [] } } },
      'Unknown key `ready` in `health.groups`. Known keys: readiness, liveness, startup.',
    ],
    [
      { health: { groups: { readiness: 'database' } } },
      '`health.groups.readiness` must be a list of names of health checks; got the string "database".',
    ],
    [{ endpoints: { metrics: '' } }, `\`endpoints.metrics\` must be ${paths}; got the string "".`],
    [{ endpoints: { health: '/' } }, `\`endpoints.health\` must be ${paths}; got the string "/".`],
    [{ endpoints: { health: true } }, `\`endpoints.health\` must be ${paths}; got true.`],
    [{ endpoints: { readiness: 'a b' } }, `\`endpoints.readiness\` must be ${paths}; got the string "a b".`],
    [{ endpoints: { liveness: 'a//b' } }, `\`endpoints.liveness\` must be ${paths}; got the string "a//b".`],
    [{ endpoints: { dashboard: ':id' } }, `\`endpoints.dashboard\` must be ${paths}; got the string ":id".`],
    [{ endpoints: { dashboard: 'a?b' } }, `\`endpoints.dashboard\` must be ${paths}; got the string "a?b".`],
    [
      { endpoints: { metrics: 'x', health: '/x/' } },
      '`endpoints.health` and `endpoints.metrics` must be different paths; both are "x".',
    ],
    [
      { endpoints: { liveness: 'health' } },
      '`endpoints.liveness` and `endpoints.health` must be different paths; both are "health".',
    ],
    [{ endpoints: { controllers: {} } }, '`endpoints.controllers` must be true or false; got an object.'],
    [
      { endpoints: { controllers: true, listen: { port: 0 } } },
      '`endpoints.controllers` must be false with `endpoints.listen`: controllers are on the server of the application. Remove one of them.',
    ],
    [{ endpoints: { useGlobalPrefix: 1 } }, '`endpoints.useGlobalPrefix` must be true or false; got 1.'],
    [
      { endpoints: { failedAuth: { maxFailures: 0 } } },
      '`endpoints.failedAuth.maxFailures` must be a whole number of at least 1; got 0.',
    ],
    [
      { endpoints: { failedAuth: { windowMs: '1m' } } },
      '`endpoints.failedAuth.windowMs` must be a number of milliseconds above 0; got the string "1m".',
    ],
    [
      { endpoints: { listen: 9464 } },
      '`endpoints.listen` must be an object; got 9464. Known keys: port, host.',
    ],
    ...[undefined, -1, 65_536, 1.5, '9464', NaN].map((port): [unknown, string] => [
      { endpoints: { listen: { port } } },
      `\`endpoints.listen.port\` must be a port from 0 to 65535; got ${typeof port === 'string' ? `the string "${port}". Convert it: \`Number(value)\`.` : `${port}.`}`,
    ]),
    [
      { endpoints: { listen: { port: 1, host: '' } } },
      '`endpoints.listen.host` must be an address or a host name of this machine; got the string "".',
    ],
    [
      { endpoints: { auth: 'T0ken' } },
      '`endpoints.auth` must be an object; got a string. Known keys: bearerToken, basic, guard.',
    ],
    [
      { endpoints: { auth: { token: 'x' } } },
      'Unknown key `token` in `endpoints.auth`. Known keys: bearerToken, basic, guard.',
    ],
    [
      { endpoints: { auth: {} } },
      '`endpoints.auth` must have exactly one of bearerToken, basic and guard; got none. Omit `endpoints.auth` for endpoints without authentication.',
    ],
    [
      { endpoints: { auth: { bearerToken: 'a', basic: { username: 'b', password: 'c' } } } },
      '`endpoints.auth` must have exactly one of bearerToken, basic and guard; got bearerToken and basic. Omit `endpoints.auth` for endpoints without authentication.',
    ],
    [
      { endpoints: { auth: { bearerToken: undefined } } },
      '`endpoints.auth` must have exactly one of bearerToken, basic and guard; bearerToken is undefined. Check that the environment variable it is read from is set.',
    ],
    [
      { endpoints: { auth: { bearerToken: '' } } },
      '`endpoints.auth.bearerToken` must be a non-empty string; got an empty one. Check that the environment variable it is read from is set.',
    ],
    [
      { endpoints: { auth: { bearerToken: 5 } } },
      '`endpoints.auth.bearerToken` must be a non-empty string; got a number. Check that the environment variable it is read from is set.',
    ],
    [
      { endpoints: { auth: { basic: { username: 'ops' } } } },
      '`endpoints.auth.basic.password` must be a non-empty string; got undefined. Check that the environment variable it is read from is set.',
    ],
    [
      { endpoints: { auth: { basic: { username: '', password: 'x' } } } },
      '`endpoints.auth.basic.username` must be a non-empty string; got an empty one. Check that the environment variable it is read from is set.',
    ],
    [
      { endpoints: { auth: { basic: { user: 'ops', password: 'x' } } } },
      'Unknown key `user` in `endpoints.auth.basic`. Known keys: username, password.',
    ],
    [
      { graphql: { operationNames: 'GetDeals' } },
      '`graphql.operationNames` must be an array of operation names; got the string "GetDeals".',
    ],
    [{ rpc: { bucket: [] } }, 'Unknown key `bucket` in `rpc`. Known keys: buckets. Did you mean `buckets`?'],
    [{ webSocket: { buckets: 1 } }, '`webSocket.buckets` must be a list of upper bounds in seconds; got 1.'],
    [
      { outgoingHttp: { hosts: 5 } },
      'Unknown key `hosts` in `outgoingHttp`. Known keys: maxHosts, buckets, ignoreHosts.',
    ],
    [
      { outgoingHttp: { maxHosts: -1 } },
      '`outgoingHttp.maxHosts` must be a whole number of at least 1; got -1.',
    ],
    [
      { outgoingHttp: { ignoreHosts: 'a' } },
      '`outgoingHttp.ignoreHosts` must be an array of hosts or regular expressions; got the string "a".',
    ],
    [{ errors: { http: true } }, 'Unknown key `http` in `errors`. Known keys: process, responses, records.'],
    [{ errors: { process: 1 } }, '`errors.process` must be true or false; got 1.'],
    [
      { collectors: { queues: { every: 5 } } },
      'Unknown key `every` in `collectors.queues`. Known keys: intervalMs.',
    ],
    [{ jobs: { cron: {} } }, 'Unknown key `cron` in `jobs`. Known keys: schedule, bullmq.'],
    [
      { jobs: { schedule: { bucket: [] } } },
      'Unknown key `bucket` in `jobs.schedule`. Known keys: buckets, maxJobs. Did you mean `buckets`?',
    ],
    [
      { jobs: { bullmq: { maxJobs: 0 } } },
      '`jobs.bullmq.maxJobs` must be a whole number of at least 1; got 0.',
    ],
    [
      { exporters: { json: true } },
      '`exporters.json` must be an object of options, or false to turn it off; got true.',
    ],
    [
      { http: { slow: 5 } },
      'Unknown key `slow` in `http`. Known keys: slowRequestThresholdMs, buckets, ignoreRoutes.',
    ],
    ...[0, -1, NaN].map((slowRequestThresholdMs): [unknown, string] => [
      { http: { slowRequestThresholdMs } },
      `\`http.slowRequestThresholdMs\` must be a number of milliseconds above 0; got ${slowRequestThresholdMs}.`,
    ]),
    [{ http: { buckets: 5 } }, '`http.buckets` must be a list of upper bounds in seconds; got 5.'],
    [
      { http: { ignoreRoutes: '/ok' } },
      '`http.ignoreRoutes` must be an array of route templates or regular expressions; got the string "/ok".',
    ],
    [
      { http: { ignoreRoutes: [5] } },
      '`http.ignoreRoutes` must be an array of route templates or regular expressions; got 5 at [0].',
    ],
    [
      { exporters: { prom: {} } },
      'Unknown key `prom` in `exporters`. Known keys: prometheus, json, cloudWatch, embeddedMetrics, datadog, otlp, pushgateway, remoteWrite.',
    ],
    [
      { exporters: { prometheus: { createdTimestamps: 'yes' } } },
      '`exporters.prometheus.createdTimestamps` must be true or false; got the string "yes".',
    ],
    [
      { exporters: { prometheus: { createdTimestamp: true } } },
      'Unknown key `createdTimestamp` in `exporters.prometheus`. Known keys: createdTimestamps, nativeHistograms. Did you mean `createdTimestamps`?',
    ],
    [
      { clock: Date },
      expect.stringMatching(/^`clock` must be an object with now\(\) and monotonic\(\); got a function\.$/),
    ],
    [{ clock: null }, '`clock` must be an object with now() and monotonic(); got null.'],
  ])('%j', async (options, message) => {
    const refusal = await refusalOf(options);

    expect(refusal).toBeInstanceOf(MonitoringOptionsError);
    expect(refusal.message).toEqual(message);
  });

  it.each<[unknown, unknown]>([
    [
      { http: { buckets: [] } },
      '`buckets` of histogram http_request_duration_seconds must be finite upper bounds in strictly ascending order; got [].',
    ],
    [
      { http: { buckets: [2, 1] } },
      '`buckets` of histogram http_request_duration_seconds must be finite upper bounds in strictly ascending order; got [2, 1].',
    ],
  ])('by what the metrics say of them: %j', async (options, message) => {
    const refusal = await refusalOf(options);

    expect(refusal).toBeInstanceOf(MetricDefinitionError);
    expect(refusal.message).toBe(message);
  });

  it.each([{ 'not-a-label': 'x' }, { __reserved: 'x' }])(
    'as the names of labels: %j',
    async (defaultLabels) => {
      const refusal = await refusalOf({ defaultLabels });

      expect(refusal).toBeInstanceOf(MetricDefinitionError);
      expect(refusal.message).toContain(Object.keys(defaultLabels)[0]);
    },
  );

  it('of an HTTP application too', async () => {
    const app = createApp('express', MonitoringModule.forRoot({ seriesLimit: -1 }));

    await expect(app).rejects.toBeInstanceOf(MonitoringOptionsError);
  });
});

describe('what options say when they are refused', () => {
  const secret = 'hunter2';

  it.each([
    { bearerToken: secret, basic: { username: 'ops', password: secret } },
    { bearerToken: secret, tokens: [secret] },
    { basic: { username: '', password: secret } },
    { basic: { username: 'ops', password: { secret } } },
    { basic: { username: 'ops', passwort: secret } },
    { bearerToken: { secret } },
    { bearerToken: [secret] },
  ])('never has a secret in it: auth %j', async (auth) => {
    const { message, stack } = await refusalOf({ endpoints: { auth } });

    expect(`${message}${stack ?? ''}`).not.toContain(secret);
  });

  it.each([secret, { basic: `ops:${secret}` }, [secret]])(
    'not even in the wrong place: auth %j',
    async (auth) => {
      const { message } = await refusalOf({ endpoints: { auth } });

      expect(message).not.toContain(secret);
    },
  );
});
