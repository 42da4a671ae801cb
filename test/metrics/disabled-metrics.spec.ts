import { describe, expect, it, jest } from '@jest/globals';
import { PrometheusExporter } from '../../lib/exporters/prometheus/prometheus.exporter.js';
import { Counter } from '../../lib/metrics/counter.js';
import { Gauge } from '../../lib/metrics/gauge.js';
import { Histogram } from '../../lib/metrics/histogram.js';
import { MetricDefinitionError } from '../../lib/metrics/metric-definition.error.js';
import { Timer } from '../../lib/metrics/timer.js';
import { testRegistry } from './support.js';

const disabled = () => testRegistry({ enabled: false }).registry;

describe('a disabled registry', () => {
  it('returns instruments that record nothing', () => {
    const registry = disabled();
    const labels = { a: 'x' };
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a'] });
    const gauge = registry.gauge('g', 'G.');
    const histogram = registry.histogram('h', 'H.', { labelNames: ['a'] });
    const timer = registry.timer('t', 'T.', { labelNames: ['a'] });
    expect(counter).toBeInstanceOf(Counter);
    expect(gauge).toBeInstanceOf(Gauge);
    expect(histogram).toBeInstanceOf(Histogram);
    expect(timer).toBeInstanceOf(Timer);
    counter.inc(labels);
    counter.labels(labels).inc(2);
    gauge.set(3);
    gauge.labels({}).set(3);
    gauge.inc();
    gauge.dec(-1);
    histogram.observe(labels, 1);
    histogram.labels(labels).observe(1);
    timer.observe(labels, 1);
    timer.start(labels)();
    timer.labels(labels).observe(1);
    registry.counter('e_total', 'E.', { labels }).inc();
    expect([counter.value(labels), counter.labels(labels).value(), gauge.value()]).toEqual([0, 0, 0]);
    expect([histogram.count(labels), histogram.labels(labels).sum(), timer.count(labels)]).toEqual([0, 0, 0]);
    expect(histogram.percentile(0.5)).toBeNaN();
    expect(registry.snapshot().families).toEqual([]);
  });

  it('still runs timed functions with this, arguments, errors and promises unchanged', async () => {
    const timer = disabled().timer('t', 'T.', { labelNames: ['a'] });
    const labels = { a: 'x' };
    const error = new Error('no');
    const promise = Promise.resolve(1);
    expect(timer.time(labels, () => promise)).toBe(promise);
    expect(timer.labels(labels).time(() => 'done')).toBe('done');
    expect(() =>
      timer.time(labels, () => {
        throw error;
      }),
    ).toThrow(error);
    expect(timer.timeFunc(labels, add)).toBe(add);
    expect(timer.labels(labels).timeFunc(add).call({ base: 40 }, 2)).toBe(42);
    const stop = timer.labels(labels).start();
    expect([stop(), stop[Symbol.dispose]()]).toEqual([0, undefined]);
    await promise;
  });

  it('still rejects invalid definitions', () => {
    const registry = disabled();
    registry.histogram('h', 'H.');
    expect(() => registry.counter('1', 'One.')).toThrow(MetricDefinitionError);
    expect(() => registry.gauge('g', 'G.', { labelNames: ['le'] })).toThrow(MetricDefinitionError);
    expect(() => registry.histogram('x', 'X.', { buckets: [2, 1] })).toThrow(MetricDefinitionError);
    expect(() => registry.timer('h', 'H.')).toThrow(/conflicts/);
    expect(() => registry.counter('h_sum', 'H.')).toThrow(MetricDefinitionError);
    expect(() => testRegistry({ enabled: false, seriesLimit: 0 })).toThrow(MetricDefinitionError);
  });

  it('returns the same instrument for the same name', () => {
    const registry = disabled();
    expect(registry.counter('c_total', 'C.')).toBe(registry.counter('c_total', 'C.'));
  });

  it('runs no collector and has no metrics', async () => {
    const registry = disabled();
    const collect = jest.fn<() => void>();
    const remove = registry.addCollector({ name: 'c', collect });
    registry.counter('c_total', 'C.').inc();
    expect(await new PrometheusExporter(registry).generateText()).toBe('');
    expect(await new PrometheusExporter(registry).generateText({ format: 'openmetrics' })).toBe('# EOF\n');
    expect(collect).not.toHaveBeenCalled();
    expect(remove).not.toThrow();
  });
});

function add(this: { base: number }, n: number): number {
  return this.base + n;
}
