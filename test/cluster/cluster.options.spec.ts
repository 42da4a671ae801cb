import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import {
  type ClusterOptions,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
} from 'nestjs-monitoring';
import { aggregationOf } from '../../lib/metrics/merge/series-aggregation.js';
import { resolveOptions } from '../../lib/module/monitoring.options.js';
import { createApp } from '../e2e/fixture/start-app.js';
import { bytesInUse } from '../metrics/support.js';
import { restoreEnv, stubEnv } from '../support/environment.js';
import { eventually } from '../support/eventually.js';

const apps: INestApplication[] = [];

afterEach(async () => {
  jest.restoreAllMocks();
  restoreEnv();
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function start(options: MonitoringOptions): Promise<INestApplication> {
  const app = await createApp(
    'fastify',
    MonitoringModule.forRoot({ health: { drainDelayMs: 0 }, ...options }),
  );
  apps.push(app);
  return app.init();
}

describe('the option cluster', () => {
  it.each<[cluster: unknown, message: string]>([
    [{ name: 'shop' }, 'Known keys: id, directory, timeoutMs'],
    ['shop', '`cluster` must be true, false or an object of options; got a string.'],
    [{ id: '' }, '`cluster.id` must be a non-empty string; got the string "".'],
    [{ directory: 1 }, '`cluster.directory` must be a non-empty string; got 1.'],
    [{ timeoutMs: 0 }, '`cluster.timeoutMs` must be a number of milliseconds from 1 to'],
    [{ leaderTimeoutMs: '5s' }, '`cluster.leaderTimeoutMs` must be a number of milliseconds'],
    [{ maxMessageBytes: 10 }, '`cluster.maxMessageBytes` must be a whole number of at least 1024; got 10'],
  ])('is refused as %j', (cluster, message) => {
    expect(() => resolveOptions({ cluster: cluster as ClusterOptions })).toThrow(message);
  });

  it('is rejected together with bridges.promClient', () => {
    const promClient = { getMetricsAsJSON: () => Promise.resolve([]) } as never;
    expect(() => resolveOptions({ cluster: true, bridges: { promClient } })).toThrow(
      '`bridges.promClient` must not be set with `cluster`',
    );
  });

  it('is suggested in one log line if there are several workers and it is not set', async () => {
    stubEnv('NODE_APP_INSTANCE', '0');
    const logged: unknown[] = [];
    jest.spyOn(Logger.prototype, 'log').mockImplementation((message: unknown) => void logged.push(message));
    const hints = () => logged.filter((message) => String(message).includes('cluster: true'));
    await start({ cluster: false });
    expect(hints()).toEqual([]);
    await start({});
    expect(hints()).toHaveLength(1);
  });
});

describe('the gauges of an application', () => {
  it('are summed only if the sum has a meaning', async () => {
    const app = await start({});
    // One of them is there from the first garbage collection on.
    bytesInUse();
    const { families } = await eventually(async () => {
      const snapshot = await app.get(MetricsRegistry).collect();
      expect(snapshot.families.map(({ name }) => name)).toContain('nodejs_heap_size_after_gc_bytes');
      return snapshot;
    });
    const summed = families.filter((family) => family.type === 'gauge' && aggregationOf(family) === 'sum');
    // The definition of a new gauge must say which value several workers have.
    expect(summed.map(({ name }) => name).toSorted()).toMatchInlineSnapshot(`
      [
        "cache_entries",
        "db_client_connections",
        "db_client_connections_max",
        "db_client_connections_pending",
        "http_requests_in_progress",
        "monitoring_history_bytes",
        "nodejs_active_handles",
        "nodejs_active_requests",
        "nodejs_active_resources",
        "nodejs_external_memory_bytes",
        "nodejs_heap_size_after_gc_bytes",
        "nodejs_heap_size_limit_bytes",
        "nodejs_heap_size_total_bytes",
        "nodejs_heap_size_used_bytes",
        "nodejs_heap_space_size_available_bytes",
        "nodejs_heap_space_size_total_bytes",
        "nodejs_heap_space_size_used_bytes",
        "nodejs_memory_growth_bytes_per_second",
        "nodejs_worker_threads",
      ]
    `);
  });
});
