import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import { grafanaDashboards } from 'nestjs-monitoring/grafana';
import { MetricsMerger } from '../../../lib/cluster/metrics-merger.js';
import { ConventionalMetrics } from '../../../lib/exporters/conventions/conventional-metrics.js';
import { resolveConventions } from '../../../lib/exporters/conventions/conventions.options.js';
import { resourceAttributes } from '../../../lib/exporters/conventions/resource-attributes.js';
import { IntervalReader } from '../../../lib/exporters/push/interval-reader.js';
import { type Convention, conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import type { MetricFamily, MetricsSnapshot } from '../../../lib/metrics/snapshot.js';
import { testAlerting } from '../../alerting/support.js';
import { parseExposition } from '../../e2e/fixture/exposition.js';
import { family, histograms, oddText, scalars, testRegistry } from '../../metrics/support.js';

function viewOf(registry: MetricsRegistry, convention: Convention = 'otel', warnings: string[] = []) {
  const logger = { warn: (message: string) => void warnings.push(message) };
  return new ConventionalMetrics(registry, conventionOfAll(convention), { logger });
}

function requestsIn(registry: MetricsRegistry, buckets = [0.1, 1]) {
  return registry.histogram('http_request_duration_seconds', 'Requests.', {
    labelNames: ['method', 'route', 'status_code'],
    buckets,
  });
}

/** The two metrics that are one operation of a database. */
function operationsIn(registry: MetricsRegistry) {
  const sql = registry.histogram('db_client_operation_duration_seconds', 'Statements.', {
    labelNames: ['system', 'operation', 'table', 'error'],
    buckets: [0.1, 0.5, 1],
  });
  const redis = registry.histogram('redis_client_command_duration_seconds', 'Commands.', {
    labelNames: ['client', 'command', 'error'],
    buckets: [0.1, 1, 2],
  });
  return { sql, redis };
}

const namesIn = ({ families }: MetricsSnapshot) => families.map(({ name }) => name);

describe('the metrics under the names of OpenTelemetry', () => {
  it('have the values of ours', async () => {
    const { registry } = testRegistry();
    const requests = requestsIn(registry);
    requests.observe({ method: 'GET', route: '/', status_code: '200' }, 0.05);
    requests.observe({ method: 'GET', route: '/', status_code: '200' }, 5);
    const snapshot = await viewOf(registry).collect();
    const name = 'http_server_request_duration_seconds';
    expect(namesIn(snapshot)).not.toContain('http_request_duration_seconds');
    expect(family(snapshot, name)).toMatchObject({
      help: 'Duration of HTTP server requests.',
      type: 'histogram',
    });
    expect(histograms(snapshot, name)).toMatchObject([
      {
        labels: {
          http_request_method: 'GET',
          url_scheme: 'http',
          http_route: '/',
          http_response_status_code: '200',
        },
        count: 2,
        sum: 5.05,
        min: 0.05,
        max: 5,
        buckets: [
          { upperBound: 0.1, count: 1 },
          { upperBound: 1, count: 1 },
          { upperBound: Infinity, count: 2 },
        ],
      },
    ]);
  });

  it('leave everything else the same objects', () => {
    const { registry } = testRegistry();
    registry.counter('orders_total', 'Orders.', { labelNames: ['method'] }).inc({ method: 'OTHER' });
    const own = registry.snapshot().families.find(({ name }) => name === 'orders_total');
    const view = family(viewOf(registry).snapshot(), 'orders_total');
    expect(view.identities).toBe(own?.identities);
  });

  it('sum up what is one metric there, within the bounds of both', async () => {
    const { registry } = testRegistry();
    const { sql, redis } = operationsIn(registry);
    sql.observe({ system: 'postgresql', operation: 'select', table: 'deals', error: '' }, 0.3);
    sql.observe({ system: 'postgresql', operation: 'insert', table: 'deals', error: '23505' }, 0.01);
    sql.observe({ system: 'postgresql', operation: 'ddl', table: 'unknown', error: 'ECONNRESET' }, 0.01);
    redis.observe({ client: 'a', command: 'get', error: '' }, 0.01);
    redis.observe({ client: 'b', command: 'get', error: '' }, 1.5);
    redis.observe({ client: 'b', command: 'eval', error: '_OTHER' }, 0.01);
    const [select, insert, ddl, get, failed] = histograms(
      await viewOf(registry).collect({ exponential: true }),
      'db_client_operation_duration_seconds',
    );
    expect(select?.labels).toEqual({
      db_system_name: 'postgresql',
      db_operation_name: 'SELECT',
      db_collection_name: 'deals',
    });
    expect(select?.buckets.map(({ upperBound, count }) => [upperBound, count])).toEqual([
      [0.1, 0],
      [1, 1],
      [Infinity, 1],
    ]);
    expect(insert?.labels).toMatchObject({ db_response_status_code: '23505', error_type: '23505' });
    expect(ddl?.labels).toEqual({
      db_system_name: 'postgresql',
      error_type: 'ECONNRESET',
    });
    expect(get).toMatchObject({
      labels: { db_system_name: 'redis', db_operation_name: 'GET' },
      count: 2,
      sum: 1.51,
    });
    expect(get?.exponential?.positive.counts.reduce((a, b) => a + b)).toBe(2);
    expect(failed?.labels).toMatchObject({ db_operation_name: 'EVAL', error_type: '_OTHER' });
  });

  it('have one set of labels where a name is also ours, if both are exposed', async () => {
    const { registry } = testRegistry();
    const { sql, redis } = operationsIn(registry);
    sql.observe({ system: 'mysql', operation: 'select', table: 'deals', error: '' }, 0.3);
    redis.observe({ client: 'a', command: 'get', error: '' }, 0.01);
    const snapshot = await viewOf(registry, 'both').collect();
    expect(histograms(snapshot, 'db_client_operation_duration_seconds').map(({ labels }) => labels)).toEqual([
      {
        system: 'mysql',
        operation: 'select',
        table: 'deals',
        db_system_name: 'mysql',
        db_operation_name: 'SELECT',
        db_collection_name: 'deals',
      },
      {
        system: 'redis',
        operation: 'get',
        table: 'unknown',
        db_system_name: 'redis',
        db_operation_name: 'GET',
      },
    ]);
    // Ours stays what it was.
    expect(histograms(snapshot, 'redis_client_command_duration_seconds')).toMatchObject([
      { labels: { client: 'a', command: 'get' }, count: 1 },
    ]);
    expect(namesIn(snapshot).filter((name) => name.startsWith('db_client_operation'))).toHaveLength(1);
  });

  it('leave ours without the labels that only they need', async () => {
    const { registry } = testRegistry();
    const { sql } = operationsIn(registry);
    const labels = { system: 'mysql', operation: 'select', table: 'deals' };
    sql.observe({ ...labels, error: '' }, 0.3);
    sql.observe({ ...labels, error: '42000' }, 0.3);
    const snapshot = await viewOf(registry, 'prometheus').collect();
    expect(histograms(snapshot, 'db_client_operation_duration_seconds')).toMatchObject([
      { labels, count: 2 },
    ]);
  });

  it('have modes, uptime and spaces of the process', async () => {
    const { registry, clock } = testRegistry();
    registry.counter('process_cpu_user_seconds_total', 'User.').inc(2);
    registry.counter('process_cpu_system_seconds_total', 'System.').inc(3);
    registry.counter('process_cpu_seconds_total', 'Both.').inc(5);
    registry.gauge('process_start_time_seconds', 'Start.').set(clock.now() / 1000 - 60);
    registry
      .gauge('nodejs_heap_space_size_used_bytes', 'Used.', { labelNames: ['space'] })
      .set({ space: 'old' }, 7);
    const snapshot = await viewOf(registry).collect();
    expect(scalars(snapshot, 'process_cpu_time_seconds_total')).toMatchObject([
      { labels: { cpu_mode: 'user' }, value: 2 },
      { labels: { cpu_mode: 'system' }, value: 3 },
    ]);
    expect(scalars(snapshot, 'process_uptime_seconds')).toMatchObject([{ value: 60 }]);
    expect(namesIn(snapshot)).toContain('process_start_time_seconds');
    expect(scalars(snapshot, 'v8js_memory_heap_used_bytes')).toMatchObject([
      { labels: { v8js_heap_space_name: 'old_space' }, value: 7 },
    ]);
  });

  it('keep the name of our metrics that have no other, with the labels of the others', async () => {
    const { registry } = testRegistry();
    registry
      .counter('http_slow_requests_total', 'Slow.', { labelNames: ['method', 'route', 'status_code'] })
      .inc({ method: 'OTHER', route: '<unmatched>', status_code: '404' });
    const [slow] = scalars(await viewOf(registry).collect(), 'http_slow_requests_total');
    expect(slow?.labels).toEqual({
      http_request_method: '_OTHER',
      http_response_status_code: '404',
    });
  });
});

describe('a metric of the application', () => {
  it('with a semantic name keeps it, ours stays beside it, and a warning says so once', async () => {
    const { registry } = testRegistry();
    requestsIn(registry).observe({ method: 'GET', route: '/', status_code: '200' }, 0.05);
    registry.counter('http_server_request_duration_seconds_count', 'Mine.').inc();
    const warnings: string[] = [];
    const view = viewOf(registry, 'otel', warnings);
    await view.collect();
    const names = namesIn(await view.collect());
    expect(names).toContain('http_request_duration_seconds');
    expect(names).not.toContain('http_server_request_duration_seconds');
    expect(warnings).toEqual([
      expect.stringContaining(
        'The metric http_server_request_duration_seconds_count of the application has the name',
      ),
    ]);
  });

  it('with a semantic name that comes from an instrument of OpenTelemetry gets a prefix, and so nothing is there twice', async () => {
    const { registry } = testRegistry();
    requestsIn(registry).observe({ method: 'GET', route: '/', status_code: '200' }, 0.05);
    const name = 'http_server_request_duration_seconds';
    const bridged = registry.openMetric('histogram', name, 'Of an instrumentation.', { buckets: [1, 2] });
    bridged.addLabelNames(['http_route']);
    bridged.observe({ http_route: '/' }, 7);
    bridged.observe({ http_route: '/' }, 7);
    const warnings: string[] = [];
    const view = viewOf(registry, 'otel', warnings);
    const countsIn = (families: readonly MetricFamily[]) =>
      families
        .filter(({ name: given }) => given.includes('request'))
        .map((one) => [one.name, [...one.series].map((series) => 'count' in series && series.count)]);
    expect(countsIn((await view.collect()).families)).toEqual([
      [name, [1]],
      [`otel_${name}`, [2]],
    ]);
    expect(warnings).toEqual([]);
    // Unless that is taken, too.
    registry.counter(`otel_${name}`, 'Mine.').inc();
    expect(namesIn(await view.collect())).toContain('http_request_duration_seconds');
    expect(warnings).toEqual([expect.stringContaining(`The metric ${name} of the application has the name`)]);
  });

  it('with a name of ours and other labels stays as it is', async () => {
    const { registry } = testRegistry();
    registry.gauge('http_requests_in_progress', 'Mine.', { labelNames: ['queue'] }).set({ queue: 'a' }, 1);
    const snapshot = await viewOf(registry).collect();
    expect(scalars(snapshot, 'http_requests_in_progress')).toMatchObject([{ labels: { queue: 'a' } }]);
    expect(namesIn(snapshot)).not.toContain('http_server_active_requests');
  });
});

describe('a snapshot that cannot be named', () => {
  it('is returned as it is, with one warning', async () => {
    const { registry } = testRegistry();
    requestsIn(registry).observe({ method: 'GET', route: '/', status_code: '200' }, 1);
    const warnings: string[] = [];
    const context = (): never => {
      throw new Error('no server');
    };
    const logger = { warn: (message: string) => void warnings.push(message) };
    const view = new ConventionalMetrics(registry, conventionOfAll('otel'), { context, logger });
    for (let i = 0; i < 2; i++)
      expect(namesIn(await view.collect())).toContain('http_request_duration_seconds');
    expect(warnings).toEqual([
      "The metrics could not be named by OpenTelemetry's conventions, and have our names: no server",
    ]);
  });
});

describe('the series of a derived metric', () => {
  it('stay the same ones, so that changes add up to what was recorded', () => {
    const labels = fc.constantFrom('GET', 'POST', 'OTHER');
    const step = fc.record({
      method: labels,
      seconds: fc.constantFrom(0.05, 0.5, 5),
      times: fc.integer({ min: 1, max: 5 }),
      then: fc.constantFrom('capture', 'reset', 'go on'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { registry } = testRegistry();
        const requests = requestsIn(registry);
        const view = viewOf(registry);
        const reader = new IntervalReader();
        let sum = 0;
        const capture = (): void => {
          const snapshot = view.snapshot({ exponential: true });
          for (const each of reader.intervalUpTo(snapshot).families) {
            if (each.name !== 'http_server_request_duration_seconds' || each.type !== 'histogram') continue;
            for (const { delta } of each.series) sum += delta.count;
          }
          reader.advance(snapshot);
        };
        let recorded = 0;
        for (const { method, seconds, times, then } of steps) {
          for (let i = 0; i < times; i++)
            requests.observe({ method, route: '/', status_code: '200' }, seconds);
          recorded += times;
          if (then !== 'go on') capture();
          if (then === 'reset') requests.reset();
        }
        capture();
        expect(sum).toBe(recorded);
      }),
    );
  });

  it('include the overflow series', async () => {
    const registry = new MetricsRegistry({ seriesLimit: 2 });
    const requests = requestsIn(registry);
    for (const route of ['/a', '/b', '/c', '/d']) {
      requests.observe({ method: 'GET', route, status_code: '200' }, 1);
    }
    const series = histograms(await viewOf(registry).collect(), 'http_server_request_duration_seconds');
    expect(
      series.map(({ labels, count }) => [labels['http_route'] ?? labels['monitoring_overflow'], count]),
    ).toEqual([
      ['/a', 1],
      ['/b', 1],
      ['true', 2],
    ]);
  });

  it('have their exemplars in the buckets of both', async () => {
    const registry = new MetricsRegistry({ exemplars: () => ({ trace_id: 'abc' }) });
    const { sql, redis } = operationsIn(registry);
    redis.observe({ client: 'a', command: 'get', error: '' }, 0.01);
    sql.observe({ system: 'mysql', operation: 'select', table: 'a', error: '' }, 0.4);
    const text = await new PrometheusExporter(viewOf(registry)).generateText({ format: 'openmetrics' });
    expect(text).toMatch(
      /db_operation_name="SELECT",db_collection_name="a",le="1.0"} 1 # {trace_id="abc"} 0.4 /,
    );
  });

  it('have no empty label also where only one value differs from the series before', async () => {
    const { registry } = testRegistry();
    const requests = requestsIn(registry);
    for (const route of ['/a', '/b', '<unmatched>', '/c', '<unmatched>/']) {
      requests.observe({ method: 'GET', route, status_code: '200' }, 1);
    }
    const text = await new PrometheusExporter(viewOf(registry)).generateText();
    expect(text.match(/http_route="[^"]*"/g)?.filter((label) => label === 'http_route=""')).toEqual([]);
    expect(parseExposition(text).filter(({ name }) => name.endsWith('duration_seconds_count'))).toHaveLength(
      5,
    );
  });

  it('have no braces without a label', async () => {
    const { registry } = testRegistry();
    registry.gauge('process_open_fds', 'Open.').set(3);
    const text = await new PrometheusExporter(viewOf(registry)).generateText();
    expect(text).toContain('\nprocess_unix_file_descriptor_count 3\n');
  });

  it('are exposed with any label values, and without those that are empty', async () => {
    await fc.assert(
      fc.asyncProperty(oddText, oddText, oddText, async (host, method, team) => {
        const registry = new MetricsRegistry({ defaultLabels: { team } });
        registry
          .histogram('http_client_request_duration_seconds', 'Out.', {
            labelNames: ['host', 'method', 'status_code', 'port', 'error'],
            buckets: [1],
          })
          .observe({ host, method, status_code: '200', port: '', error: '' }, 0.5);
        const text = await new PrometheusExporter(viewOf(registry)).generateText();
        const lines = parseExposition(text).filter(
          ({ name }) => name === 'http_client_request_duration_seconds_count',
        );
        expect(lines).toHaveLength(1);
        const [{ labels } = { labels: {} as Record<string, string> }] = lines;
        const text8 = (value: string) => value.toWellFormed();
        expect(labels['http_request_method'] ?? '').toBe(text8(method === 'OTHER' ? '_OTHER' : method));
        const { server_address: address = '', server_port: port } = labels;
        expect(port === undefined ? address : `${address}:${port}`).toBe(text8(host));
        expect(Object.entries(labels).filter(([name, value]) => value === '' && name !== 'team')).toEqual([]);
        expect(labels['team'] ?? '').toBe(text8(team));
      }),
    );
  });
});

describe('the merged metrics of several workers', () => {
  it('have the names of OpenTelemetry, with the sums of all workers', async () => {
    const merger = new MetricsMerger();
    const workers = [1, 2].map((index) => {
      const { registry } = testRegistry();
      requestsIn(registry).observe({ method: 'GET', route: '/', status_code: '200' }, index);
      return { worker: { index, pid: index }, families: registry.snapshot().families, isCurrent: true };
    });
    const snapshotOf = (): MetricsSnapshot => ({
      timestamp: 0,
      defaultLabels: {},
      families: merger.merge(workers).families,
    });
    const source = { collect: async () => snapshotOf(), snapshot: snapshotOf };
    const view = new ConventionalMetrics(source, conventionOfAll('otel'));
    for (let i = 0; i < 2; i++) {
      expect(histograms(await view.collect(), 'http_server_request_duration_seconds')).toMatchObject([
        { labels: { http_route: '/' }, count: 2, sum: 3 },
      ]);
    }
  });
});

describe('target_info', () => {
  const infoOf = async (resource: Readonly<Record<string, string>>) => {
    const registry = new MetricsRegistry({ defaultLabels: { team: 'a' } });
    const view = new ConventionalMetrics(registry, conventionOfAll('otel'), { resource });
    const text = await new PrometheusExporter(view).generateText();
    return parseExposition(text).filter(({ name }) => name === 'target_info');
  };

  it('comes first and has the attributes of the resource', async () => {
    expect(await infoOf({ 'service.name': 'shop "x"', 'service.version': '1' })).toEqual([
      {
        name: 'target_info',
        labels: { team: 'a', service_name: 'shop "x"', service_version: '1' },
        value: 1,
      },
    ]);
  });

  it('has valid label names, and joins the values of attributes with the same one', async () => {
    const [info] = await infoOf({ 'a.b': '1', 'a b': '2', '9lives': 'x', 'ü-ö': 'y', team: 'own' });
    expect(info?.labels).toEqual({ a_b: '2;1', key_9lives: 'x', _: 'y', team: 'own' });
  });

  it('does not take the place of one that the application has, and a warning says so once', async () => {
    const registry = new MetricsRegistry();
    registry.gauge('target_info', 'Mine.').set(7);
    const warnings: string[] = [];
    const logger = { warn: (message: string) => void warnings.push(message) };
    const view = new ConventionalMetrics(registry, conventionOfAll('otel'), { resource: { a: 'b' }, logger });
    expect(scalars(view.snapshot(), 'target_info')).toMatchObject([{ value: 7 }]);
    view.snapshot();
    expect(warnings).toEqual([
      expect.stringContaining('The metric target_info of the application has the name of target_info'),
    ]);
  });

  it('is not there beside a counter that has its name in OpenMetrics', async () => {
    const registry = new MetricsRegistry();
    registry.counter('target_info_total', 'Mine.').inc();
    const logger = { warn: () => undefined };
    const view = new ConventionalMetrics(registry, conventionOfAll('otel'), { resource: { a: 'b' }, logger });
    const names = view.snapshot().families.map(({ name }) => name);
    expect(names).toContain('target_info_total');
    expect(names).not.toContain('target_info');
  });
});

describe('an unknown convention', () => {
  it('is refused where rules and dashboards are made, with what is allowed', async () => {
    const message = /`conventions` must be 'prometheus', 'otel' or 'both'; got the string "OTEL"/;
    const given = { conventions: 'OTEL' as Convention };
    const { alerting } = testAlerting();
    expect(() => alerting.toPrometheusRules(given)).toThrow(message);
    await expect(grafanaDashboards(new MetricsRegistry(), given)).rejects.toThrow(message);
  });
});

describe('the attributes of the resource', () => {
  it('are those of the environment, and else those of the application', () => {
    expect(resourceAttributes({}, {})).toEqual({ 'service.name': 'unknown_service:node' });
    expect(resourceAttributes({ name: 'shop', version: '1' }, {})).toEqual({
      'service.name': 'shop',
      'service.version': '1',
    });
    const environment = {
      OTEL_SERVICE_NAME: 'given',
      OTEL_RESOURCE_ATTRIBUTES:
        'service.name=other,service.version=2%2E0,bad,=,deployment.environment.name=%E0%A4%A',
    };
    expect(resourceAttributes({ name: 'shop', version: '1' }, environment)).toEqual({
      'service.name': 'given',
      'service.version': '2.0',
      'deployment.environment.name': '%E0%A4%A',
    });
  });
});

describe('the option conventions', () => {
  it('has the default of the environment, and wins over it', () => {
    const environment = { OTEL_SEMCONV_STABILITY_OPT_IN: 'http/dup' };
    expect(resolveConventions(undefined, 'conventions', environment)).toMatchObject({
      http: 'both',
      rpc: 'prometheus',
    });
    expect(resolveConventions('prometheus', 'conventions', environment)).toEqual(
      conventionOfAll('prometheus'),
    );
  });

  it.each(['OTEL', '', null, 1, {}])('refuses %j', (given) => {
    expect(() => resolveConventions(given as never, 'conventions')).toThrow(
      "`conventions` must be 'prometheus', 'otel' or 'both'; got",
    );
  });
});
