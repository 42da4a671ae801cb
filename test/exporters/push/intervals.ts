import * as fc from 'fast-check';
import { ExponentialHistogram } from '../../../lib/metrics/exponential-histogram.js';
import type {
  CounterInterval,
  CounterIntervalFamily,
  IntervalDistribution,
  GaugeInterval,
  HistogramInterval,
  HistogramIntervalFamily,
  IntervalFamily,
  MetricsInterval,
} from '../../../lib/exporters/push/metrics-interval.js';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { oddText } from '../../metrics/support.js';

type Labels = Readonly<Record<string, string>>;

/** What a minute ended with, to be said to a remote now. */
export function intervalOf(
  families: readonly IntervalFamily[],
  { endedAt = Date.now(), lengthMs = 60_000, defaultLabels = {} } = {},
): MetricsInterval {
  return {
    startedAt: endedAt - lengthMs,
    endedAt,
    defaultLabels,
    families,
    snapshot: new MetricsRegistry().snapshot(),
  };
}

export function counters(name: string, ...series: [labels: Labels, delta: number][]): IntervalFamily {
  return { type: 'counter', ...about(name, series), series: series.map(([l, delta]) => counter(l, delta)) };
}

export function gauges(name: string, ...series: [labels: Labels, value: number][]): IntervalFamily {
  return {
    type: 'gauge',
    ...about(name, series),
    series: series.map(([labels, value]) => ({ labels, value })),
  };
}

export function histograms(name: string, ...series: [labels: Labels, values: number[]][]): IntervalFamily {
  return {
    type: 'histogram',
    ...about(name, series),
    upperBounds: BOUNDS,
    series: series.map(([labels, values]) => histogram(labels, values)),
  };
}

const BOUNDS = [0.1, 1, 10];

function about(name: string, series: readonly (readonly [Labels, unknown])[]) {
  return { name, help: `What ${name} is.`, labelNames: Object.keys(series[0]?.[0] ?? {}) };
}

function counter(labels: Labels, delta: number): CounterInterval {
  return { labels, delta, total: delta + 7, createdAt: 1_600_000_000_000 };
}

function histogram(labels: Labels, values: readonly number[]): HistogramInterval {
  const delta = distributionOf(values);
  const total = distributionOf([...values, 0.5]);
  const all = [...values, 0.5];
  const [min, max] = [Math.min(...all), Math.max(...all)];
  return { labels, delta, total, min, max, createdAt: 1_600_000_000_000 };
}

export function distributionOf(values: readonly number[]): IntervalDistribution {
  const exponential = new ExponentialHistogram();
  const bucketCounts = [...BOUNDS, Infinity].map(() => 0);
  for (const value of values) {
    exponential.record(value);
    const found = BOUNDS.findIndex((bound) => value <= bound);
    const bucket = found < 0 ? BOUNDS.length : found;
    bucketCounts[bucket] = (bucketCounts[bucket] ?? 0) + 1;
  }
  const sum = values.reduce((total, value) => total + value, 0);
  return { count: values.length, sum, bucketCounts, exponential: exponential.snapshot() };
}

const metricName = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,12}$/),
  fc.constantFrom('http_requests_total', '_', ':', 'a:b', 'a_b', `long_${'x'.repeat(300)}`),
);
const labelName = fc.oneof(
  fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,8}$/).filter((name) => !name.startsWith('__')),
  fc.constantFrom('_', '_a', 'route', 'Route', `long_${'y'.repeat(300)}`),
);
const labelValue = fc.oneof(
  oddText.map((text) => text.toWellFormed()),
  fc.constantFrom('GET', 'get', 'Ünïcode', '/users/:id', 'z'.repeat(1_100)),
);

/** Series of a metric, each with labels of its own. */
function seriesOf<T>(value: fc.Arbitrary<T>): fc.Arbitrary<[Labels, T][]> {
  return fc.uniqueArray(labelName, { maxLength: 35, size: 'small' }).chain((names) =>
    fc
      .uniqueArray(
        fc.tuple(fc.array(labelValue, { minLength: names.length, maxLength: names.length }), value),
        {
          minLength: 1,
          maxLength: 6,
          selector: ([values]) => JSON.stringify(values),
          // The same names for all.
        },
      )
      .map((series) =>
        series.map(([values, v]) => [Object.fromEntries(names.map((n, i) => [n, values[i] ?? ''])), v]),
      ),
  );
}

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
const usual = fc.double({ noNaN: true, min: 1e-6, max: 1e9 });

/** A minute in which anything may have happened. */
export const anyInterval: fc.Arbitrary<MetricsInterval> = fc
  .record({
    counters: fc.array(fc.tuple(metricName, seriesOf(fc.oneof(fc.nat(), usual))), { maxLength: 3 }),
    gauges: fc.array(fc.tuple(metricName, seriesOf(finite)), { maxLength: 3 }),
    histograms: fc.array(
      fc.tuple(
        metricName,
        seriesOf(
          fc.array(
            fc.oneof(
              usual,
              finite.filter((v) => Math.abs(v) < 1e100),
            ),
            { minLength: 1, maxLength: 40 },
          ),
        ),
      ),
      { maxLength: 3 },
    ),
    defaultLabels: fc.dictionary(labelName, labelValue, { maxKeys: 3 }),
  })
  .map(({ defaultLabels, ...metrics }) => {
    const families = new Map<string, IntervalFamily>();
    for (const [name, series] of metrics.counters) families.set(name, counters(name, ...series));
    for (const [name, series] of metrics.gauges) families.set(name, gauges(name, ...series));
    for (const [name, series] of metrics.histograms) families.set(name, histograms(name, ...series));
    return intervalOf([...families.values()], { defaultLabels });
  });

function isCounter(family: IntervalFamily): family is CounterIntervalFamily {
  return family.type === 'counter';
}

export function isHistogram(family: IntervalFamily): family is HistogramIntervalFamily {
  return family.type === 'histogram';
}

/** Everything that was added, observed and measured, for comparison with what a remote has taken. */
export function contentOf(interval: MetricsInterval) {
  const added = interval.families.filter(isCounter).flatMap(({ series }) => series);
  const observed = interval.families.filter(isHistogram).flatMap(({ series }) => series);
  return {
    added: added.reduce((sum, { delta }) => sum + delta, 0),
    observed: observed.reduce((sum, { delta }) => sum + delta.count, 0),
    gauges: interval.families.flatMap(({ type, series }) =>
      type === 'gauge' ? (series as GaugeInterval[]) : [],
    ),
  };
}
