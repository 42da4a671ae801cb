import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry, MonitoringModule, PrometheusExporter } from 'nestjs-monitoring';
import { type PromClientRegistry } from 'nestjs-monitoring/metrics';
import * as prometheusClient from '@prometheus-io/client';
import promClient from 'prom-client';
import { ADAPTERS, seriesOf, startApp } from '../../e2e/fixture/start-app.js';
import { CLEAN, promtoolCheckMetrics } from '../../services/support/promtool.js';
import { findBinary } from '../../services/support/binaries.js';
import { parseExposition } from '../../e2e/fixture/exposition.js';

const fail = (): never => {
  throw new Error('database is away');
};

/** prom-client and its successor, which has the same interface. */
const LIBRARIES: readonly [name: string, library: typeof promClient][] = [
  ['prom-client', promClient],
  ['@prometheus-io/client', prometheusClient as unknown as typeof promClient],
];

function gaugeOf(
  library: typeof promClient,
  configuration: promClient.GaugeConfiguration<string>,
): promClient.Gauge {
  return new library.Gauge(configuration);
}

/** A registry of the library with a metric of each kind. */
function registryOf(
  library: typeof promClient,
  contentType?: typeof promClient.Registry.OPENMETRICS_CONTENT_TYPE,
) {
  const register = new library.Registry() as promClient.Registry<promClient.RegistryContentType>;
  if (contentType !== undefined) register.setContentType(contentType);
  register.setDefaultLabels({ app: 'crm' });
  const registers = [register];
  new library.Counter({
    name: 'jobs_total',
    help: 'Jobs.\nDone \\o/ "all".',
    labelNames: ['q'],
    registers,
  }).inc({ q: 'a"b\\c\n' }, 3);
  new library.Gauge({ name: 'queue_length', help: 'Queue.', registers }).set(7);
  const histogram = new library.Histogram({
    name: 'work_seconds',
    help: 'Work.',
    buckets: [0.5, 1],
    registers,
  });
  for (const value of [0.1, 0.7, 5]) histogram.observe(value);
  new library.Summary({ name: 'size_bytes', help: 'Size.', percentiles: [0.5, 1], registers }).observe(10);
  return register;
}

function bridged(register: PromClientRegistry) {
  const registry = new MetricsRegistry();
  const warnings: string[] = [];
  const drops: string[] = [];
  const exporter = new PrometheusExporter(
    registry,
    { bridges: { promClient: register } },
    {
      logger: { warn: (message) => void warnings.push(message) },
      dropped: (metric, reason) => void drops.push(`${metric} ${reason}`),
    },
  );
  return { registry, exporter, warnings, drops };
}

describe.each(LIBRARIES)('metrics that other packages keep in %s', (_, library) => {
  const theirs = (contentType?: typeof promClient.Registry.OPENMETRICS_CONTENT_TYPE) =>
    registryOf(library, contentType);
  const addGauge = (configuration: promClient.GaugeConfiguration<string>): promClient.Gauge =>
    gaugeOf(library, configuration);

  it('are exposed in the text format with their default labels', async () => {
    const { registry, exporter, warnings } = bridged(theirs());
    registry.counter('deals_total', 'Deals.').inc();
    const text = await exporter.generateText();
    const samples = parseExposition(text);
    expect(samples).toContainEqual({ name: 'deals_total', labels: {}, value: 1 });
    expect(samples).toContainEqual({ name: 'jobs_total', labels: { app: 'crm', q: 'a"b\\c\n' }, value: 3 });
    expect(samples).toContainEqual({
      name: 'work_seconds_bucket',
      labels: { app: 'crm', le: '0.5' },
      value: 1,
    });
    expect(samples).toContainEqual({
      name: 'work_seconds_bucket',
      labels: { app: 'crm', le: '+Inf' },
      value: 3,
    });
    expect(samples).toContainEqual({
      name: 'size_bytes',
      labels: { app: 'crm', quantile: '0.5' },
      value: 10,
    });
    expect(text).toContain('# HELP jobs_total Jobs.\\nDone \\\\o/ "all".\n# TYPE jobs_total counter\n');
    expect(warnings).toEqual([]);
    if (findBinary('promtool') !== undefined) expect(await promtoolCheckMetrics(text)).toEqual(CLEAN);
  });

  it.each([[undefined], [promClient.Registry.OPENMETRICS_CONTENT_TYPE]])(
    'are in OpenMetrics too, whatever format their registry is for (%s)',
    async (contentType) => {
      const register = theirs(contentType);
      // What it shows itself changes the names of its counters, if it is for OpenMetrics.
      await register.metrics();
      const text = await bridged(register).exporter.generateText({ format: 'openmetrics' });
      expect(text).toContain(
        '# TYPE jobs counter\n# HELP jobs Jobs.\\nDone \\\\o/ \\"all\\".\njobs_total{app="crm",q="a\\"b\\\\c\\n"} 3\n',
      );
      expect(text).toContain('# TYPE work_seconds histogram\n');
      expect(text).toContain('work_seconds_bucket{app="crm",le="1.0"} 2\n');
      expect(text).toContain('size_bytes{app="crm",quantile="1.0"} 10\n');
      expect(text.endsWith('\n# EOF\n')).toBe(true);
      expect(text.match(/# EOF/g)).toHaveLength(1);
    },
  );

  it('are omitted if their names collide with ours, logged once and counted every time', async () => {
    const { registry, exporter, warnings, drops } = bridged(theirs());
    registry.counter('jobs_total', 'Ours.').inc(1);
    registry.gauge('work_seconds_count', 'Ours.').set(2);
    for (let i = 0; i < 2; i++) {
      const text = await exporter.generateText();
      expect(text.match(/# TYPE jobs_total /g)).toHaveLength(1);
      expect(text).toContain('\njobs_total 1\n');
      expect(text).not.toContain('work_seconds_bucket');
      expect(text).toContain('queue_length{app="crm"} 7\n');
    }
    expect(warnings).toEqual([
      'Omitted metrics of prom-client whose names are already in use: jobs_total, work_seconds',
    ]);
    expect(drops).toEqual([
      'jobs_total clash',
      'work_seconds clash',
      'jobs_total clash',
      'work_seconds clash',
    ]);
  });

  it('are omitted one by one if they cannot be read', async () => {
    const register = theirs();
    const registers = [register];
    addGauge({ name: 'broken', help: 'Broken.', registers, collect: fail });
    let asked = 0;
    addGauge({
      name: 'stuck',
      help: 'Stuck.',
      registers,
      collect: () => {
        asked++;
        return new Promise<void>(() => undefined);
      },
    });
    const { exporter, warnings, drops } = bridged(register);
    for (let i = 0; i < 2; i++) {
      const text = await exporter.generateText({ timeoutMs: 20 });
      expect(text).toContain('queue_length{app="crm"} 7\n');
      expect(text).not.toMatch(/broken|stuck/);
    }
    expect(asked).toBe(1);
    expect(warnings).toEqual([
      'Could not read broken from prom-client; omitted: database is away',
      'Could not read stuck from prom-client; omitted: timed out after 20 ms',
    ]);
    expect(drops).toHaveLength(4);
  });

  it('are read once for concurrent readers, each with its own time limit', async () => {
    const register = theirs();
    let asked = 0;
    const slow = addGauge({
      name: 'slow',
      help: 'Slow.',
      registers: [register],
      collect: async () => {
        asked++;
        await new Promise((resolve) => setTimeout(resolve, 200));
        slow.set(asked);
      },
    });
    const { exporter } = bridged(register);
    for (let i = 1; i <= 3; i++) {
      const hurried = [1, 2, 5].map((timeoutMs) => exporter.generateText({ timeoutMs }));
      const patient = exporter.generateText({ timeoutMs: 30_000 });
      for (const text of await Promise.all(hurried)) expect(text).toContain('queue_length{app="crm"} 7\n');
      expect(await patient).toContain(`slow{app="crm"} ${i}\n`);
    }
    expect(asked).toBe(3);
  });

  it('are read by getMetricsAsJSON() alone, whose failure omits only them', async () => {
    const register = theirs();
    const some = bridged({ getMetricsAsJSON: () => register.getMetricsAsJSON() });
    expect(await some.exporter.generateText()).toContain('queue_length{app="crm"} 7\n');
    const none = bridged({ getMetricsAsJSON: () => Promise.reject(new Error('no')) });
    none.registry.counter('deals_total', 'Deals.').inc();
    expect(await none.exporter.generateText()).toContain('deals_total 1\n');
    expect(none.warnings).toEqual(['Could not read the registry from prom-client; omitted: no']);
  });

  it('can be selected by name', async () => {
    const { exporter } = bridged(theirs());
    const text = await exporter.generateText({ names: ['work_seconds_sum'] });
    expect(text).toContain('work_seconds_bucket');
    expect(text).not.toContain('queue_length');
  });
});

describe.each(ADAPTERS)('the metrics endpoint on %s', (adapter) => {
  it('exposes the default registry of prom-client, and counts name collisions', async () => {
    const register = registryOf(promClient);
    gaugeOf(promClient, { name: 'monitoring_scrape_bytes', help: 'Clash.', registers: [register] });
    const running = await startApp(adapter, {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ bridges: { promClient: register } })],
    });
    await running.get('/metrics');
    const { body } = await running.get('/metrics');
    expect(body).toContain('queue_length{app="crm"} 7\n');
    const openmetrics = await running.get('/metrics', {
      headers: { accept: 'application/openmetrics-text;version=1.0.0' },
    });
    expect(openmetrics.body).toContain('# TYPE jobs counter\n');
    expect(seriesOf(running.registry, 'monitoring_bridge_dropped_metrics_total')[0]?.labels).toEqual({
      metric: 'monitoring_scrape_bytes',
      reason: 'clash',
    });
    await running.close();
  });

  it('rejects a value that is not a registry', async () => {
    const start = startApp(adapter, {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ bridges: { promClient: {} as PromClientRegistry } })],
    });
    await expect(start).rejects.toThrow('`bridges.promClient` must be a prom-client registry');
  });
});
