import type { DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type Clock,
  DEFAULT_BUCKETS,
  MetricDefinitionError,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  MonitoringOptionsError,
  PrometheusExporter,
} from 'nestjs-monitoring';
import { describe, expect, it } from 'vitest';
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

  it('collectors.runtime: false leaves the metrics of the process out', async () => {
    expect(await textOf({ collectors: { runtime: false } })).not.toMatch(/^(process_|nodejs_)/m);
    expect(await textOf({ collectors: { runtime: {} } })).toMatch(/process_.*\n.*nodejs_/s);
  });

  it('collectors.system: false leaves the metrics of the machine out', async () => {
    expect(await textOf({ collectors: { system: false } })).not.toMatch(/^system_/m);
  });

  it('exporters.prometheus.created adds _created samples to OpenMetrics', async () => {
    await having({ exporters: { prometheus: { created: true } } }, async (registry, exporter) => {
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
    'enabled, defaultLabels, seriesLimit, labelValueLengthLimit, exemplars, cluster, endpoints, http, outgoingHttp, errors, jobs, rpc, webSocket, graphql, collectors, business, exporters, bridges, history, health, thresholds, alerting, clock';

  it.each<[unknown, string]>([
    ['all', 'Expected the options of MonitoringModule to be an object, got "all" (string).'],
    [
      { history: { interval: 1 } },
      'Expected history to have only the keys intervalMs, durationMs, maxBytes, got interval.',
    ],
    [
      { history: { intervalMs: 0 } },
      'Expected history.intervalMs to be a number of milliseconds from 1 to 2147483647, got 0 (number).',
    ],
    [
      { history: { maxBytes: 0.5 } },
      'Expected history.maxBytes to be a whole number from 1 up, got 0.5 (number).',
    ],
    [{ enable: true }, `Expected the options of MonitoringModule to have only the keys ${top}, got enable.`],
    [
      { enable: true, endpoint: {} },
      `Expected the options of MonitoringModule to have only the keys ${top}, got enable, endpoint.`,
    ],
    [{ enabled: 'yes' }, 'Expected enabled to be true or false, got "yes" (string).'],
    [{ enabled: null }, 'Expected enabled to be true or false, got null (object).'],
    [{ exemplars: 'trace' }, 'Expected exemplars to be true, false or a function, got "trace" (string).'],
    [{ seriesLimit: 0 }, 'Expected seriesLimit to be a whole number from 1 up, got 0 (number).'],
    [{ seriesLimit: 1.5 }, 'Expected seriesLimit to be a whole number from 1 up, got 1.5 (number).'],
    [{ seriesLimit: '10' }, 'Expected seriesLimit to be a whole number from 1 up, got "10" (string).'],
    [{ seriesLimit: NaN }, 'Expected seriesLimit to be a whole number from 1 up, got NaN (number).'],
    [{ endpoints: false }, 'Expected endpoints to be an object, got false (boolean).'],
    [{ endpoints: null }, 'Expected endpoints to be an object, got null (object).'],
    [
      { endpoints: { metric: 'x' } },
      'Expected endpoints to have only the keys metrics, health, readiness, liveness, startup, dashboard, alerts, useGlobalPrefix, auth, failedAuth, listen, got metric.',
    ],
    [
      { health: { timeoutMs: 1 } },
      'Expected health to have only the keys checkTimeoutMs, cacheMs, failureThreshold, successThreshold, refreshIntervalMs, httpStatus, groups, builtIn, alerts, checks, drainDelayMs, drainTimeoutMs, got timeoutMs.',
    ],
    [
      { health: { checkTimeoutMs: 0 } },
      'Expected health.checkTimeoutMs to be a number of milliseconds from 1 to 2147483647, got 0 (number).',
    ],
    [{ health: { cacheMs: -1 } }, 'Expected health.cacheMs to be a whole number from 0 up, got -1 (number).'],
    [
      { health: { alerts: 'critical' } },
      'Expected health.alerts to be true or false, got "critical" (string).',
    ],
    [
      { health: { alerts: { severity: 'critical' } } },
      'Expected health.alerts to have only the keys severities, status, got severity.',
    ],
    [
      { health: { alerts: { severities: 'critical' } } },
      'Expected health.alerts.severities to be a list such as ["critical", "warning"], got "critical" (string).',
    ],
    [
      { health: { alerts: { status: 'down' } } },
      'Expected health.alerts.status to be one of healthy, degraded, unhealthy, critical, got "down" (string).',
    ],
    [
      { health: { httpStatus: { degraded: 99 } } },
      'Expected health.httpStatus.degraded to be an HTTP status from 200 to 599, got 99 (number).',
    ],
    [
      { health: { groups: { ready: [] } } },
      'Expected health.groups to have only the keys readiness, liveness, startup, got ready.',
    ],
    [
      { health: { groups: { readiness: 'database' } } },
      'Expected health.groups.readiness to be a list of names of health checks, got "database" (string).',
    ],
    [{ endpoints: { metrics: '' } }, `Expected endpoints.metrics to be ${paths}, got "" (string).`],
    [{ endpoints: { health: '/' } }, `Expected endpoints.health to be ${paths}, got "/" (string).`],
    [{ endpoints: { health: true } }, `Expected endpoints.health to be ${paths}, got true (boolean).`],
    [{ endpoints: { readiness: 'a b' } }, `Expected endpoints.readiness to be ${paths}, got "a b" (string).`],
    [{ endpoints: { liveness: 'a//b' } }, `Expected endpoints.liveness to be ${paths}, got "a//b" (string).`],
    [{ endpoints: { dashboard: ':id' } }, `Expected endpoints.dashboard to be ${paths}, got ":id" (string).`],
    [{ endpoints: { dashboard: 'a?b' } }, `Expected endpoints.dashboard to be ${paths}, got "a?b" (string).`],
    [
      { endpoints: { metrics: 'x', health: '/x/' } },
      '`endpoints.health` and `endpoints.metrics` must be different paths; both are "x".',
    ],
    [
      { endpoints: { liveness: 'health' } },
      '`endpoints.liveness` and `endpoints.health` must be different paths; both are "health".',
    ],
    [
      { endpoints: { useGlobalPrefix: 1 } },
      'Expected endpoints.useGlobalPrefix to be true or false, got 1 (number).',
    ],
    [
      { endpoints: { failedAuth: { maxFailures: 0 } } },
      'Expected endpoints.failedAuth.maxFailures to be a whole number from 1 up, got 0 (number).',
    ],
    [
      { endpoints: { failedAuth: { windowMs: '1m' } } },
      'Expected endpoints.failedAuth.windowMs to be a number of milliseconds above 0, got "1m" (string).',
    ],
    [{ endpoints: { listen: 9464 } }, 'Expected endpoints.listen to be an object, got 9464 (number).'],
    ...[undefined, -1, 65_536, 1.5, '9464', NaN].map((port): [unknown, string] => [
      { endpoints: { listen: { port } } },
      `Expected endpoints.listen.port to be a port from 0 to 65535, got ${typeof port === 'string' ? `"${port}"` : port} (${typeof port}).`,
    ]),
    [
      { endpoints: { listen: { port: 1, host: '' } } },
      'Expected endpoints.listen.host to be an address or a host name of this machine, got "" (string).',
    ],
    [
      { endpoints: { auth: { token: 'x' } } },
      'Expected endpoints.auth to have only the keys bearerToken, basic, guard, got token.',
    ],
    ...[{}, { bearerToken: undefined }, { bearerToken: 'a', basic: { username: 'b', password: 'c' } }].map(
      (auth): [unknown, string] => [
        { endpoints: { auth } },
        '`endpoints.auth` must have exactly one of bearerToken, basic and guard. Omit `endpoints.auth` for endpoints without authentication.',
      ],
    ),
    [
      { endpoints: { auth: { bearerToken: '' } } },
      'Expected endpoints.auth.bearerToken to be a text that is not empty, got an empty one. Is the environment variable set that it comes from?',
    ],
    [
      { endpoints: { auth: { bearerToken: 5 } } },
      'Expected endpoints.auth.bearerToken to be a text that is not empty, got number. Is the environment variable set that it comes from?',
    ],
    [
      { endpoints: { auth: { basic: { username: 'ops' } } } },
      'Expected endpoints.auth.basic.password to be a text that is not empty, got undefined. Is the environment variable set that it comes from?',
    ],
    [
      { endpoints: { auth: { basic: { username: '', password: 'x' } } } },
      'Expected endpoints.auth.basic.username to be a text that is not empty, got an empty one. Is the environment variable set that it comes from?',
    ],
    [
      { endpoints: { auth: { basic: { user: 'ops', password: 'x' } } } },
      'Expected endpoints.auth.basic to have only the keys username, password, got user.',
    ],
    [
      { graphql: { operationNames: 'GetDeals' } },
      'Expected graphql.operationNames to be a list of names, got "GetDeals" (string).',
    ],
    [{ rpc: true }, 'Expected rpc to be an object, got true (boolean).'],
    [{ rpc: { bucket: [] } }, 'Expected rpc to have only the keys buckets, got bucket.'],
    [
      { webSocket: { buckets: 1 } },
      'Expected webSocket.buckets to be a list of upper bounds in seconds, got 1 (number).',
    ],
    [{ outgoingHttp: true }, 'Expected outgoingHttp to be an object, got true (boolean).'],
    [
      { outgoingHttp: { hosts: 5 } },
      'Expected outgoingHttp to have only the keys maxHosts, buckets, ignoreHosts, got hosts.',
    ],
    [
      { outgoingHttp: { maxHosts: -1 } },
      'Expected outgoingHttp.maxHosts to be a whole number from 1 up, got -1 (number).',
    ],
    [
      { outgoingHttp: { ignoreHosts: 'a' } },
      'Expected outgoingHttp.ignoreHosts to be a list of hosts or regular expressions, got "a" (string).',
    ],
    [{ errors: true }, 'Expected errors to be an object, got true (boolean).'],
    [{ errors: { http: true } }, 'Expected errors to have only the keys process, responses, got http.'],
    [{ errors: { process: 1 } }, 'Expected errors.process to be true or false, got 1 (number).'],
    [
      { collectors: { queues: { every: 5 } } },
      'Expected collectors.queues to have only the keys intervalMs, got every.',
    ],
    [{ jobs: true }, 'Expected jobs to be an object, got true (boolean).'],
    [{ jobs: { cron: {} } }, 'Expected jobs to have only the keys schedule, bullmq, got cron.'],
    [
      { jobs: { schedule: { bucket: [] } } },
      'Expected jobs.schedule to have only the keys buckets, maxJobs, got bucket.',
    ],
    [
      { jobs: { bullmq: { maxJobs: 0 } } },
      'Expected jobs.bullmq.maxJobs to be a whole number from 1 up, got 0 (number).',
    ],
    [{ http: true }, 'Expected http to be an object, got true (boolean).'],
    [
      { http: { slow: 5 } },
      'Expected http to have only the keys slowRequestThresholdMs, buckets, ignoreRoutes, got slow.',
    ],
    ...[0, -1, NaN].map((slowRequestThresholdMs): [unknown, string] => [
      { http: { slowRequestThresholdMs } },
      `Expected http.slowRequestThresholdMs to be a number of milliseconds above 0, got ${slowRequestThresholdMs} (number).`,
    ]),
    [
      { http: { buckets: 5 } },
      'Expected http.buckets to be a list of upper bounds in seconds, got 5 (number).',
    ],
    [
      { http: { ignoreRoutes: '/ok' } },
      'Expected http.ignoreRoutes to be a list of route templates or regular expressions, got "/ok" (string).',
    ],
    [
      { http: { ignoreRoutes: [5] } },
      'Expected http.ignoreRoutes to be a list of route templates or regular expressions, got 5 (object).',
    ],
    [{ collectors: false }, 'Expected collectors to be an object, got false (boolean).'],
    [
      { exporters: { prom: {} } },
      'Expected exporters to have only the keys prometheus, json, cloudWatch, datadog, otlp, pushgateway, got prom.',
    ],
    [
      { exporters: { prometheus: { created: 'yes' } } },
      'Expected exporters.prometheus.created to be true or false, got "yes" (string).',
    ],
    [
      { exporters: { prometheus: { create: true } } },
      'Expected exporters.prometheus to have only the keys created, got create.',
    ],
    [
      { clock: Date },
      expect.stringMatching(
        /^Expected clock to be an object with now\(\) and monotonic\(\), got .* \(function\)\.$/s,
      ) as string,
    ],
    [{ clock: null }, 'Expected clock to be an object with now() and monotonic(), got null (object).'],
  ])('%j', async (options, message) => {
    const refusal = await refusalOf(options);

    expect(refusal).toBeInstanceOf(MonitoringOptionsError);
    expect(refusal.message).toEqual(message);
  });

  it.each<[unknown, string]>([
    [
      { http: { buckets: [] } },
      'Expected buckets of histogram http_request_duration_seconds to be finite upper bounds in strictly ascending order, got [].',
    ],
    [
      { http: { buckets: [2, 1] } },
      'Expected buckets of histogram http_request_duration_seconds to be finite upper bounds in strictly ascending order, got [2, 1].',
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
