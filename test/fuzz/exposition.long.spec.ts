import { expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PrometheusExporter } from '../../lib/exporters/prometheus/prometheus.exporter.js';
import { MetricDefinitionError } from '../../lib/metrics/metric-definition.error.js';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import { JsonExporter } from '../../lib/exporters/json/json.exporter.js';
import { type TextFormat, type MetricKind } from 'nestjs-monitoring/metrics';
import { parseExposition } from '../exporters/prometheus/exposition-parser.js';
import { dropped, oddText, testRegistry } from '../metrics/support.js';
import { describeWith } from '../services/support/binaries.js';
import { promtoolCheckMetrics } from '../services/support/promtool.js';
import { runs } from './fuzz-runs.js';

/** One thing that somebody does with a registry. */
interface Operation {
  readonly name: string;
  readonly kind: MetricKind;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly labelValues: readonly unknown[];
  readonly act: 'record' | 'lower' | 'remove' | 'reset' | 'stranger';
  readonly value: number;
}

const NAMES = [
  'a',
  'a_total',
  'a_bucket',
  'a_sum',
  'a_count',
  'a_created',
  'b:c_seconds',
  'constructor',
  'toString',
];
const PROTOTYPE_NAMES = ['__proto__', 'hasOwnProperty', 'valueOf', 'prototype'];
const LABEL_NAMES = ['a', 'b', 'constructor', 'toString', 'hasOwnProperty', '__proto__', 'le', 'x-y', ''];

const unreadable = {
  toString(): never {
    throw new Error('not readable');
  },
};

const operation: fc.Arbitrary<Operation> = fc.record({
  name: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...NAMES) },
    { weight: 2, arbitrary: fc.constantFrom(...PROTOTYPE_NAMES) },
    { weight: 1, arbitrary: oddText },
  ),
  kind: fc.constantFrom<MetricKind>('counter', 'gauge', 'histogram', 'timer'),
  help: fc.oneof({ weight: 5, arbitrary: fc.constant('Help.') }, oddText),
  labelNames: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<string[]>([], ['a'], ['a', 'constructor'], ['toString', 'b']) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...LABEL_NAMES), { maxLength: 3 }) },
  ),
  labelValues: fc.array(
    fc.oneof(
      { weight: 5, arbitrary: oddText },
      fc.constantFrom<unknown>(
        null,
        undefined,
        1,
        0.1,
        true,
        10n,
        'x'.repeat(50_000),
        Symbol('s'),
        unreadable,
      ),
    ),
    { minLength: 3, maxLength: 3 },
  ),
  act: fc.constantFrom('record', 'record', 'record', 'lower', 'remove', 'reset', 'stranger'),
  value: fc.oneof(
    fc.double({ min: -1e9, max: 1e9, noNaN: true }),
    fc.constantFrom(0, -0, 1, NaN, Infinity, -Infinity, 5e-324, 1.7976931348623157e308),
  ),
});

/** What a metric should hold: for each set of labels a number, or all that was observed. */
interface ModelMetric {
  readonly kind: MetricKind;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly series: Map<string, { labels: Record<string, string>; values: number[] }>;
}

/** What should come of operations, told in the plainest way; and how many samples should have been refused. */
class Model {
  readonly metrics = new Map<string, ModelMetric>();
  refused = 0;

  defined({ name, kind, help, labelNames }: Operation): void {
    if (this.metrics.has(name)) return;
    const metric: ModelMetric = { kind, help, labelNames: labelNames.toSorted(), series: new Map() };
    this.metrics.set(name, metric);
    if (labelNames.length === 0) metric.series.set('{}', { labels: {}, values: [] });
  }

  apply({ name, act, value }: Operation, given: Record<string, unknown>): void {
    const metric = this.metrics.get(name);
    if (metric === undefined) throw new Error(`${name} is not defined`);
    if (act === 'reset') {
      metric.series.clear();
      if (metric.labelNames.length === 0) metric.series.set('{}', { labels: {}, values: [] });
      return;
    }
    const isReadable = Object.values(given).every((each) => typeof each !== 'object' || each === null);
    const labels = Object.fromEntries(
      metric.labelNames.map((label) => [label, isReadable ? textOf(given[label]) : '']),
    );
    const key = JSON.stringify(labels);
    if (act === 'remove') {
      if (!isReadable) return;
      metric.series.delete(key);
      if (metric.labelNames.length === 0) metric.series.set('{}', { labels: {}, values: [] });
      return;
    }
    const isNegative = metric.kind === 'counter' && value < 0;
    if (!isReadable || !Number.isFinite(value) || isNegative || act === 'stranger') {
      this.refused++;
      return;
    }
    const series = metric.series.get(key) ?? { labels, values: [] };
    const recorded = act === 'lower' && metric.kind === 'gauge' ? -value : value;
    if (!Number.isFinite(sum([...series.values, recorded]))) {
      this.refused++;
      return;
    }
    metric.series.set(key, series);
    series.values.push(recorded);
  }
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value).toWellFormed();
}

/** Does the same to a registry and to the model of it. */
function play(operations: readonly Operation[]): { registry: MetricsRegistry; model: Model } {
  const { registry } = testRegistry({ seriesLimit: 10_000, labelValueLengthLimit: Infinity });
  const model = new Model();
  for (const each of operations) {
    const { name, kind, help, labelNames, labelValues, act, value } = each;
    try {
      define(registry, kind, name, help, labelNames);
    } catch (error) {
      expect(error).toBeInstanceOf(MetricDefinitionError);
      continue;
    }
    model.defined(each);
    const given = Object.fromEntries(labelNames.map((label, i) => [label, labelValues[i]]));
    const metric = registry.getMetric(name) as unknown as
      Record<string, (...args: unknown[]) => void> | undefined;
    if (metric === undefined) throw new Error(`${name} is not there`);
    const withLabels = labelNames.length === 0 ? [] : [given];
    if (act === 'reset') metric['reset']?.();
    else if (act === 'remove') metric['remove']?.(given);
    else if (act === 'stranger') metric[recorderOf(kind)]?.({ ...given, stranger: 'x' }, value);
    else if (act === 'lower' && kind === 'gauge') metric['dec']?.(...withLabels, value);
    else if (kind === 'gauge') metric['inc']?.(...withLabels, value);
    else metric[recorderOf(kind)]?.(...withLabels, value);
    model.apply(each, given);
  }
  return { registry, model };
}

function define(
  registry: MetricsRegistry,
  kind: MetricKind,
  name: string,
  help: string,
  labelNames: readonly string[],
): void {
  if (kind === 'counter') registry.counter(name, help, { labelNames });
  else if (kind === 'gauge') registry.gauge(name, help, { labelNames });
  else if (kind === 'histogram') registry.histogram(name, help, { labelNames });
  else registry.timer(name, help, { labelNames });
}

function recorderOf(kind: MetricKind): string {
  return kind === 'counter' || kind === 'gauge' ? 'inc' : 'observe';
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What a registry shows of its own, as `name{labels} value`. */
async function shown(registry: MetricsRegistry, format: TextFormat): Promise<string[]> {
  const text = await new PrometheusExporter(registry).generateText({ format });
  return [...parseExposition(text, format).values()]
    .filter(({ name }) => !name.startsWith('monitoring_'))
    .flatMap(({ samples }) => samples.map(({ name, labels, value }) => line(name, labels, value)))
    .toSorted();
}

function line(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => [
    label,
    label === 'le' ? Number(text.replace('Inf', 'Infinity')) : text,
  ]);
  return JSON.stringify([
    name,
    pairs.toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
    String(value + 0),
  ]);
}

const DEFAULT_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity];

/** What should be shown. */
function expected({ metrics }: Model): string[] {
  return [...metrics]
    .flatMap(([name, { kind, series }]) =>
      [...series.values()].flatMap(({ labels, values }) => {
        if (kind === 'counter' || kind === 'gauge') return [line(name, labels, sum(values))];
        return [
          ...DEFAULT_BOUNDS.map((le) =>
            line(
              `${name}_bucket`,
              { ...labels, le: String(le) },
              values.filter((value) => value <= le).length,
            ),
          ),
          line(`${name}_sum`, labels, sum(values)),
          line(`${name}_count`, labels, values.length),
        ];
      }),
    )
    .toSorted();
}

const operations = fc.array(operation, { maxLength: 40 });

it.each<TextFormat>(['prometheus', 'openmetrics'])(
  'whatever is done to a registry, %s tells exactly what came of it, read by an independent parser',
  async (format) => {
    await fc.assert(
      fc.asyncProperty(operations, async (all) => {
        const { registry, model } = play(all);
        expect(await shown(registry, format)).toEqual(expected(model));
        expect(sum(Object.values(dropped(registry)))).toBe(model.refused);
      }),
      runs(),
    );
  },
);

it('whatever is done to a registry, the JSON tells the same as the text', async () => {
  await fc.assert(
    fc.asyncProperty(operations, async (all) => {
      const { registry, model } = play(all);
      const { metrics } = JSON.parse(JSON.stringify(await new JsonExporter(registry).exportAll())) as {
        metrics: Record<
          string,
          {
            series: {
              labels: Record<string, string>;
              value?: number;
              count?: number;
              sum?: number;
              buckets?: { le: number | string; count: number }[];
            }[];
          }
        >;
      };
      const read = Object.entries(metrics)
        .filter(([name]) => !name.startsWith('monitoring_'))
        .flatMap(([name, { series }]) =>
          series.flatMap(({ labels, value, count = 0, sum: total = 0, buckets }) =>
            buckets === undefined
              ? [line(name, labels, value ?? NaN)]
              : [
                  ...buckets.map((bucket) =>
                    line(`${name}_bucket`, { ...labels, le: String(bucket.le) }, bucket.count),
                  ),
                  line(`${name}_sum`, labels, total),
                  line(`${name}_count`, labels, count),
                ],
          ),
        );
      expect(read.toSorted()).toEqual(expected(model));
    }),
    runs(),
  );
});

describeWith(['promtool'], 'the parser of Prometheus', () => {
  it('takes whatever comes of any operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 20, maxLength: 200 }), async (all) => {
        const text = await new PrometheusExporter(play(all).registry).generateText();
        // 3 is only the advice of its lint, on names such as these.
        expect([0, 3]).toContain((await promtoolCheckMetrics(text)).exitCode);
      }),
      runs(0.1),
    );
  });
});
