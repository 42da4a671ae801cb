import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { MetricsSource } from 'nestjs-monitoring';
import { PrometheusExporter } from '../../../lib/exporters/prometheus/prometheus.exporter.js';
import { type TextFormat } from 'nestjs-monitoring/metrics';
import { testRegistry } from '../../metrics/support.js';
import { parseExposition } from './exposition-parser.js';
import { decodeFamilies } from './protobuf-decoder.js';

afterEach(() => void jest.restoreAllMocks());

describe('PrometheusExporter', () => {
  it('example: renders the metrics of a registry after running its collectors', async () => {
    const { registry } = testRegistry({ defaultLabels: { service: 'orders' } });
    const depth = registry.gauge('queue_depth', 'Jobs waiting.');
    registry.addCollector({ name: 'queue', collect: () => depth.set(7) });
    const text = await new PrometheusExporter(registry).generateText();
    expect(text).toContain('queue_depth{service="orders"} 7\n');
    expect(text).toContain('monitoring_collector_success{service="orders",collector="queue"} 1\n');
    const openmetrics = await new PrometheusExporter(registry).generateText({ format: 'openmetrics' });
    expect(parseExposition(openmetrics, 'openmetrics').get('queue_depth')?.samples).toEqual([
      { name: 'queue_depth', labels: { service: 'orders' }, value: 7 },
    ]);
  });

  it('renders only the selected metrics, by metric name or sample name', async () => {
    const { registry } = testRegistry();
    registry.counter('jobs_total', 'Jobs.');
    registry.timer('job_seconds', 'Time.');
    registry.gauge('users', 'Users.');
    const names = ['jobs_total', 'job_seconds_count'].values();
    const text = await new PrometheusExporter(registry).generateText({ names });
    expect([...parseExposition(text, 'prometheus').keys()]).toEqual(['jobs_total', 'job_seconds']);
  });

  it.each(['json', 'text', '', 7])('refuses the format %j', async (format) => {
    const exporter = new PrometheusExporter(testRegistry().registry);
    const options = { format: format as TextFormat };
    await expect(exporter.generate(options)).rejects.toThrow(
      "`format` of generate() must be one of 'prometheus', 'openmetrics', 'protobuf'; got ",
    );
    await expect(exporter.generateText(options)).rejects.toThrow(
      "`format` of generateText() must be one of 'prometheus', 'openmetrics'; got ",
    );
  });

  it('names JsonExporter for the format json', async () => {
    const exporter = new PrometheusExporter(testRegistry().registry);
    await expect(exporter.generate({ format: 'json' as TextFormat })).rejects.toThrow(
      'got "json". JsonExporter exports the metrics in JSON.',
    );
  });

  it('adds creation times only with createdTimestamps: true, and only in OpenMetrics', async () => {
    const { registry } = testRegistry();
    registry.counter('jobs_total', 'Jobs.');
    const [plain, created] = [
      new PrometheusExporter(registry),
      new PrometheusExporter(registry, { createdTimestamps: true }),
    ];
    expect(await created.generateText({ format: 'openmetrics' })).toContain('jobs_created 1700000000\n');
    expect(await plain.generateText({ format: 'openmetrics' })).not.toContain('jobs_created');
    expect(await created.generateText()).not.toContain('jobs_created');
  });

  it('alternates between both formats with identical bytes each time', async () => {
    const { registry } = testRegistry();
    const timer = registry.timer('job_seconds', 'Time.', { labelNames: ['job'] });
    const counter = registry.counter('jobs_total', 'Jobs.', { labelNames: ['job'] });
    for (const job of ['mail', 'print', 'a"b']) {
      timer.observe({ job }, 0.1);
      counter.inc({ job });
    }
    const exporter = new PrometheusExporter(registry);
    const answers = { prometheus: new Set<string>(), openmetrics: new Set<string>() };
    for (let i = 0; i < 6; i++) {
      const format: TextFormat = i % 2 === 0 ? 'prometheus' : 'openmetrics';
      answers[format].add(await exporter.generateText({ format }));
    }
    expect([answers.prometheus.size, answers.openmetrics.size]).toEqual([1, 1]);
  });

  it('shares one result between equal concurrent requests, and renders later ones anew', async () => {
    const { registry } = testRegistry();
    const counter = registry.counter('scrapes_total', 'Scrapes.');
    const collect = jest.fn<MetricsSource['collect']>(async (options) => {
      await Promise.resolve();
      counter.inc();
      return registry.snapshot(options);
    });
    const exporter = new PrometheusExporter({ collect, snapshot: () => registry.snapshot() });
    const names = ['scrapes_total', 'users'];
    const together = await Promise.all([
      exporter.generateText({ names }),
      exporter.generateText({ names: names.toReversed() }),
      exporter.generateText({ names, format: 'openmetrics' }),
      exporter.generateText(),
    ]);
    expect(collect).toHaveBeenCalledTimes(3);
    expect(together[0]).toBe(together[1]);
    expect(await exporter.generateText({ names })).toContain('scrapes_total 4\n');
    expect(collect).toHaveBeenCalledTimes(4);
  });

  it('passes the time limit on to the collectors', async () => {
    const { registry } = testRegistry();
    const collect = jest.spyOn(registry, 'collect');
    await new PrometheusExporter(registry).generateText({ timeoutMs: 250 });
    expect(collect).toHaveBeenCalledWith({ timeoutMs: 250 });
  });

  it('returns protobuf in bytes, and refuses it as text', async () => {
    const { registry } = testRegistry();
    registry.timer('job_seconds', 'Time.').observe(1);
    const exporter = new PrometheusExporter(registry);
    const bytes = Buffer.concat(await exporter.generate({ format: 'protobuf' }));
    expect(decodeFamilies(bytes).get('job_seconds')?.metrics[0]?.native?.positive.get(0)).toBe(1);
    // @ts-expect-error It is no text.
    await expect(exporter.generateText({ format: 'protobuf' })).rejects.toThrow(
      "`format` of generateText() must be 'prometheus' or 'openmetrics'; got 'protobuf', which is no text. Call generate({ format: 'protobuf' }), which returns bytes.",
    );
  });

  it('asks for exponential histograms only for protobuf, and only for those that it shows', async () => {
    const { registry } = testRegistry();
    const collect = jest.spyOn(registry, 'collect');
    const exporter = new PrometheusExporter(registry);
    await exporter.generate();
    await exporter.generate({ format: 'openmetrics' });
    await exporter.generate({ format: 'protobuf' });
    await exporter.generate({ format: 'protobuf', names: ['job_seconds_count', 'size'] });
    await new PrometheusExporter(registry, { nativeHistograms: false }).generate({ format: 'protobuf' });
    expect(collect.mock.calls.map(([options]) => options)).toEqual([
      {},
      {},
      { exponential: true, exponentialBuckets: 160 },
      { exponential: new Set(['job_seconds_count', 'job_seconds', 'size']), exponentialBuckets: 160 },
      {},
    ]);
  });

  it('yields to the event loop while it renders a hundred thousand series', async () => {
    const { registry } = testRegistry({ seriesLimit: Infinity });
    const counter = registry.counter('visits_total', 'Visits.', { labelNames: ['user'] });
    for (let user = 0; user < 100_000; user++) counter.inc({ user });
    // A clock on which each piece takes a millisecond.
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now++);
    let turns = 0;
    let others = setImmediate(function takeTurn() {
      turns++;
      others = setImmediate(takeTurn);
    });
    const pieces = await new PrometheusExporter(registry).generate();
    clearImmediate(others);
    expect(pieces.reduce((lines, piece) => lines + piece.toString().split('\n').length - 1, 0)).toBe(100_002);
    expect(pieces.length).toBeGreaterThan(190);
    expect(turns).toBeGreaterThan(30);
  });
});
