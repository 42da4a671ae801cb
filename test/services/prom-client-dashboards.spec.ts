import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { PrometheusServer } from './support/prometheus.server.js';
import { promtoolCheckMetrics } from './support/promtool.js';

/**
 * What the dashboards 11159 and 14058 of Grafana and the mixin for Node.js ask of the default metrics of prom-client, with
 * their variables filled in.
 */
const QUERIES = [
  'sum by (version) (nodejs_version_info{instance=~".*"})',
  'irate(process_cpu_user_seconds_total{instance=~".*"}[2m]) * 100',
  'irate(process_cpu_system_seconds_total{instance=~".*"}[2m]) * 100',
  'irate(process_cpu_seconds_total{instance=~".*"}[2m]) * 100',
  'rate(process_cpu_user_seconds_total[5m])',
  'sum by (instance) (rate(process_cpu_seconds_total[5m]))',
  'process_resident_memory_bytes{instance=~".*"}',
  'process_virtual_memory_bytes',
  'process_heap_bytes',
  'process_open_fds / process_max_fds',
  'sum(changes(process_start_time_seconds{instance=~".*"}[1h]))',
  'time() - process_start_time_seconds',
  'nodejs_eventloop_lag_seconds{instance=~".*"}',
  'nodejs_eventloop_lag_mean_seconds',
  'nodejs_eventloop_lag_stddev_seconds',
  'nodejs_eventloop_lag_min_seconds',
  'nodejs_eventloop_lag_max_seconds',
  'nodejs_eventloop_lag_p50_seconds',
  'nodejs_eventloop_lag_p90_seconds',
  'nodejs_eventloop_lag_p99_seconds',
  'nodejs_heap_size_total_bytes{instance=~".*"}',
  'nodejs_heap_size_used_bytes{instance=~".*"} / nodejs_heap_size_total_bytes',
  'nodejs_external_memory_bytes{instance=~".*"}',
  ...['new', 'old', 'code', 'large_object', 'read_only'].flatMap((space) => [
    `nodejs_heap_space_size_total_bytes{space="${space}"}`,
    `nodejs_heap_space_size_used_bytes{space="${space}"}`,
    `nodejs_heap_space_size_available_bytes{space="${space}"}`,
  ]),
  'sum by (kind) (rate(nodejs_gc_duration_seconds_sum{instance=~".*"}[5m]))',
  'sum by (kind) (rate(nodejs_gc_duration_seconds_count{instance=~".*"}[5m]))',
  'sum by (le, kind) (rate(nodejs_gc_duration_seconds_bucket[5m]))',
  'sum by (type) (nodejs_active_resources)',
  'sum by (type) (nodejs_active_handles)',
  'nodejs_active_handles_total{instance=~".*"}',
  'nodejs_active_requests_total{instance=~".*"}',
  'nodejs_active_resources_total{instance=~".*"}',
  'nodejs_active_handles_total == sum without (type) (nodejs_active_handles)',
  'nodejs_active_resources_total == sum without (type) (nodejs_active_resources)',
];

describeWith(['prometheus', 'promtool'], 'the dashboards for prom-client on a real Prometheus', () => {
  let app: RunningApp;
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    app = await startApp('fastify', {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ collectors: { runtime: { promClientNames: true } } })],
    });
    prometheus = await PrometheusServer.start([{ job: 'app', url: `http://127.0.0.1:${app.port}/metrics` }]);
    await prometheus.untilScraped();
    // Garbage collections, and two scrapes for rates.
    for (let i = 0; i < 20; i++) {
      Array.from({ length: 200_000 }, (_, at) => ({ at }));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }, 60_000);

  afterAll(async () => {
    await prometheus?.stop();
    await app?.close();
  });

  it.each(QUERIES)('have an answer to %s', async (query) => {
    // On a busy machine, a scrape now and then takes longer than its second, and two of them make a rate.
    await eventually(
      async () => {
        const answers = await prometheus.query(query);
        expect(answers.map(({ value }) => value)).toContainEqual(expect.any(Number));
        for (const { value } of answers) expect(value).not.toBeNaN();
      },
      { timeout: 120_000, interval: 200 },
    );
  });

  it('have three gauges that the lint of promtool refuses, and only by the option', async () => {
    const lints = async (exposition: string): Promise<string[]> =>
      (await promtoolCheckMetrics(exposition)).output.split('\n').filter((line) => line !== '');
    expect(await lints((await app.get('/metrics')).body)).toEqual(
      ['handles', 'requests', 'resources'].map(
        (what) => `nodejs_active_${what}_total non-counter metrics should not have "_total" suffix`,
      ),
    );
    const other = await startApp('express', {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot()],
    });
    expect(await lints((await other.get('/metrics')).body)).toEqual([]);
    await other.close();
  });

  it('are scraped without a complaint', () => {
    expect(prometheus.complaints('app')).toEqual([]);
  });
});
