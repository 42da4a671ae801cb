import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { MetricsSnapshot } from 'nestjs-monitoring';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { type TextFormat } from 'nestjs-monitoring/metrics';
import { renderExposition } from '../../../lib/exporters/prometheus/exposition.js';
import { FIRST_BUCKET, VALUE } from '../../../lib/metrics/snapshot.js';
import { oddText, testRegistry } from '../../metrics/support.js';
import { parseExposition } from './exposition-parser.js';

const FORMATS: readonly TextFormat[] = ['prometheus', 'openmetrics'];

interface Rendering {
  readonly created?: boolean;
  readonly names?: readonly string[];
}

function render(snapshot: MetricsSnapshot, format: TextFormat, { created = false, names }: Rendering = {}) {
  const options = { format, created, ...(names && { names: new Set(names) }) };
  return Buffer.concat([...renderExposition(snapshot, options)]).toString();
}

const lines = (...text: string[]): string => text.map((line) => `${line}\n`).join('');

describe('text format 0.0.4', () => {
  it('renders a counter', () => {
    const { registry } = testRegistry();
    const requests = registry.counter('http_requests_total', 'Total HTTP requests.', {
      labelNames: ['method', 'route'],
    });
    requests.inc({ method: 'GET', route: '/users/:id' }, 3);
    requests.inc({ method: 'POST', route: '/' }, 0.5);
    expect(render(registry.snapshot(), 'prometheus')).toBe(
      lines(
        '# HELP http_requests_total Total HTTP requests.',
        '# TYPE http_requests_total counter',
        'http_requests_total{method="GET",route="/users/:id"} 3',
        'http_requests_total{method="POST",route="/"} 0.5',
      ),
    );
  });

  it('renders a gauge', () => {
    const { registry } = testRegistry();
    registry.gauge('temperature_celsius', 'Temperature.').set(-1.5);
    expect(render(registry.snapshot(), 'prometheus')).toBe(
      lines(
        '# HELP temperature_celsius Temperature.',
        '# TYPE temperature_celsius gauge',
        'temperature_celsius -1.5',
      ),
    );
  });

  it('renders a histogram', () => {
    const { registry } = testRegistry();
    const size = registry.histogram('order_size', 'Items.', { labelNames: ['shop'], buckets: [1, 2.5, 1e6] });
    for (const items of [1, 2, 3]) size.observe({ shop: 'a' }, items);
    expect(render(registry.snapshot(), 'prometheus')).toBe(
      lines(
        '# HELP order_size Items.',
        '# TYPE order_size histogram',
        'order_size_bucket{shop="a",le="1"} 1',
        'order_size_bucket{shop="a",le="2.5"} 2',
        'order_size_bucket{shop="a",le="1e+06"} 3',
        'order_size_bucket{shop="a",le="+Inf"} 3',
        'order_size_sum{shop="a"} 6',
        'order_size_count{shop="a"} 3',
      ),
    );
  });

  it('renders a timer', () => {
    const { registry } = testRegistry({ defaultLabels: { service: 'shop' } });
    registry.timer('query_duration_seconds', 'Query time.', { buckets: [0.1] }).observe(0.25);
    expect(render(registry.snapshot(), 'prometheus')).toBe(
      lines(
        '# HELP query_duration_seconds Query time.',
        '# TYPE query_duration_seconds histogram',
        'query_duration_seconds_bucket{service="shop",le="0.1"} 0',
        'query_duration_seconds_bucket{service="shop",le="+Inf"} 1',
        'query_duration_seconds_sum{service="shop"} 0.25',
        'query_duration_seconds_count{service="shop"} 1',
      ),
    );
  });

  it('renders an empty registry as an empty text', () => {
    expect(render(testRegistry().registry.snapshot(), 'prometheus')).toBe('');
  });
});

describe('OpenMetrics 1.0', () => {
  it('renders a counter, its family without _total and with its unit', () => {
    const { registry } = testRegistry();
    registry.counter('sent_bytes_total', 'Bytes "sent".', { labels: { to: 'all' } }).inc(3);
    expect(render(registry.snapshot(), 'openmetrics')).toBe(
      lines(
        '# TYPE sent_bytes counter',
        '# UNIT sent_bytes bytes',
        '# HELP sent_bytes Bytes \\"sent\\".',
        'sent_bytes_total{to="all"} 3',
        '# EOF',
      ),
    );
  });

  it('keeps the name of a counter without _total, with the type unknown', () => {
    const { registry } = testRegistry();
    registry.counter('requests', 'Requests.').inc(2);
    const [help, sample] = ['# HELP requests Requests.', 'requests 2'] as const;
    expect(render(registry.snapshot(), 'prometheus')).toBe(lines(help, '# TYPE requests counter', sample));
    expect(render(registry.snapshot(), 'openmetrics', { created: true })).toBe(
      lines('# TYPE requests unknown', help, sample, '# EOF'),
    );
  });

  it('renders a gauge', () => {
    const { registry } = testRegistry();
    registry.gauge('temperature_celsius', 'Temperature.').set(-1.5);
    expect(render(registry.snapshot(), 'openmetrics', { created: true })).toBe(
      lines(
        '# TYPE temperature_celsius gauge',
        '# UNIT temperature_celsius celsius',
        '# HELP temperature_celsius Temperature.',
        'temperature_celsius -1.5',
        '# EOF',
      ),
    );
  });

  it('renders a histogram with canonical bounds', () => {
    const { registry } = testRegistry();
    const buckets = [0, 1e-10, 1e-9, 1e-5, 0.0001, 0.001, 0.1, 1, 10, 100_000, 1e6, 1e10];
    const size = registry.histogram('size', 'Sizes.', { buckets });
    size.observe(1);
    expect(render(registry.snapshot(), 'openmetrics')).toBe(
      lines(
        '# TYPE size histogram',
        '# HELP size Sizes.',
        'size_bucket{le="0.0"} 0',
        'size_bucket{le="1e-10"} 0',
        'size_bucket{le="1e-09"} 0',
        'size_bucket{le="1e-05"} 0',
        'size_bucket{le="0.0001"} 0',
        'size_bucket{le="0.001"} 0',
        'size_bucket{le="0.1"} 0',
        'size_bucket{le="1.0"} 1',
        'size_bucket{le="10.0"} 1',
        'size_bucket{le="100000.0"} 1',
        'size_bucket{le="1e+06"} 1',
        'size_bucket{le="1e+10"} 1',
        'size_bucket{le="+Inf"} 1',
        'size_sum 1',
        'size_count 1',
        '# EOF',
      ),
    );
  });

  it('renders a timer', () => {
    const { registry } = testRegistry();
    const query = registry.timer('query_duration_seconds', '', { labelNames: ['table'], buckets: [1] });
    query.observe({ table: 'deals' }, 0.5);
    expect(render(registry.snapshot(), 'openmetrics')).toBe(
      lines(
        '# TYPE query_duration_seconds histogram',
        '# UNIT query_duration_seconds seconds',
        'query_duration_seconds_bucket{table="deals",le="1.0"} 1',
        'query_duration_seconds_bucket{table="deals",le="+Inf"} 1',
        'query_duration_seconds_sum{table="deals"} 0.5',
        'query_duration_seconds_count{table="deals"} 1',
        '# EOF',
      ),
    );
  });

  it('omits sum and count of a histogram with negative bounds', () => {
    const { registry } = testRegistry();
    registry.histogram('change', 'Change.', { buckets: [-1, 1] }).observe(-5);
    expect(render(registry.snapshot(), 'openmetrics')).toBe(
      lines(
        '# TYPE change histogram',
        '# HELP change Change.',
        'change_bucket{le="-1.0"} 1',
        'change_bucket{le="1.0"} 1',
        'change_bucket{le="+Inf"} 1',
        '# EOF',
      ),
    );
    expect(render(registry.snapshot(), 'prometheus')).toContain('change_sum -5\nchange_count 1\n');
  });

  it('renders creation times of counters and histograms with created: true', () => {
    const { registry, clock } = testRegistry();
    clock.advance(250);
    registry.counter('jobs_total', 'Jobs.', { labels: { kind: 'mail' } }).inc();
    registry.counter('ticks_total', 'Ticks.');
    registry.histogram('size', 'Sizes.', { buckets: [1] });
    const snapshot = registry.snapshot();
    expect(render(snapshot, 'openmetrics', { created: true })).toBe(
      lines(
        '# TYPE jobs counter',
        '# HELP jobs Jobs.',
        'jobs_total{kind="mail"} 1',
        'jobs_created{kind="mail"} 1700000000.25',
        '# TYPE ticks counter',
        '# HELP ticks Ticks.',
        'ticks_total 0',
        'ticks_created 1700000000.25',
        '# TYPE size histogram',
        '# HELP size Sizes.',
        'size_bucket{le="1.0"} 0',
        'size_bucket{le="+Inf"} 0',
        'size_sum 0',
        'size_count 0',
        'size_created 1700000000.25',
        '# EOF',
      ),
    );
    expect(render(snapshot, 'openmetrics')).not.toContain('_created');
    expect(render(snapshot, 'prometheus', { created: true })).not.toContain('_created');
  });

  it('renders an empty registry as # EOF', () => {
    expect(render(testRegistry().registry.snapshot(), 'openmetrics')).toBe('# EOF\n');
  });
});

describe('exemplars', () => {
  it('follow totals and buckets in OpenMetrics', () => {
    const text = render(withExemplars(), 'openmetrics');
    const exemplar = '# {trace_id="a\\"b\\\\c\\nd"} 7 1700000000.123';
    expect(text.split('\n').filter((line) => line.includes('trace_id'))).toEqual([
      `c_total{a="1"} 3 ${exemplar}`,
      `h_bucket{le="+Inf"} 1 ${exemplar}`,
    ]);
    const [sample] = parseExposition(text, 'openmetrics').get('c')!.samples;
    expect(sample?.exemplar).toEqual({ labels: { trace_id: 'a"b\\c\nd' }, value: 7 });
  });

  it('are omitted from text format 0.0.4', () => {
    expect(render(withExemplars(), 'prometheus')).not.toContain('trace_id');
  });
});

describe('a selection by names', () => {
  it.each([
    [['jobs_total'], ['jobs_total']],
    [['jobs'], ['jobs_total']],
    [['size_bucket'], ['size']],
    [
      ['size_count', 'users'],
      ['users', 'size'],
    ],
    [['job', 'users_total', 'constructor'], []],
    [[], []],
  ])('%j selects the whole metrics %j', (names, picked) => {
    const { registry } = testRegistry();
    registry.counter('jobs_total', 'Jobs.');
    registry.gauge('users', 'Users.');
    registry.histogram('size', 'Sizes.');
    const snapshot = registry.snapshot();
    const all = parseExposition(render(snapshot, 'prometheus'), 'prometheus');
    const some = parseExposition(render(snapshot, 'prometheus', { names }), 'prometheus');
    expect([...some.values()]).toEqual(picked.map((name) => all.get(name)));
  });
});

describe('hostile text', () => {
  it('cannot inject a line, a label or a sample', () => {
    const { registry } = testRegistry({ defaultLabels: { service: '"} 1\nevil 1\n' } });
    const help = 'One\n# TYPE evil gauge\nevil 1\\';
    const gauge = registry.gauge('g', help, { labelNames: ['a', 'b'] });
    gauge.set({ a: '",b="x', b: '\\' }, 1);
    gauge.set({ a: '\\"', b: '\n# EOF\n' }, 2);
    for (const format of FORMATS) {
      const families = parseExposition(render(registry.snapshot(), format), format);
      expect([...families.keys()]).toEqual(['g']);
      expect(families.get('g')).toMatchObject({
        help,
        samples: [
          { labels: { service: '"} 1\nevil 1\n', a: '",b="x', b: '\\' }, value: 1 },
          { labels: { service: '"} 1\nevil 1\n', a: '\\"', b: '\n# EOF\n' }, value: 2 },
        ],
      });
    }
  });

  it('becomes well-formed UTF-8, even with lone surrogates', () => {
    const { registry } = testRegistry();
    registry.gauge('g', 'half \ud800', { labels: { a: '\udc00' } }).set(1);
    const bytes = Buffer.concat([
      ...renderExposition(registry.snapshot(), { format: 'prometheus', created: false }),
    ]);
    expect(new TextDecoder('utf-8', { fatal: true }).decode(bytes)).toBe(
      lines('# HELP g half \ufffd', '# TYPE g gauge', 'g{a="\ufffd"} 1'),
    );
  });
});

describe('a chunk', () => {
  it('has at most about 512 lines', () => {
    const { registry } = testRegistry({ seriesLimit: Infinity });
    const gauge = registry.gauge('g', 'G.', { labelNames: ['i'] });
    const histogram = registry.histogram('h', 'H.', { labelNames: ['i'] });
    for (let i = 0; i < 3_000; i++) {
      gauge.set({ i }, i);
      if (i % 10 === 0) histogram.observe({ i }, i);
    }
    for (const format of FORMATS) {
      const pieces = [...renderExposition(registry.snapshot(), { format, created: true })];
      const counts = pieces.map((piece) => piece.toString().split('\n').length - 1);
      expect(Math.max(...counts)).toBeLessThan(600);
      expect(pieces.length).toBeGreaterThan(10);
      const families = parseExposition(Buffer.concat(pieces).toString(), format);
      expect(families.get('g')?.samples).toHaveLength(3_000);
    }
  });
});

/** A metric to define and the samples to record, made up at random. */
interface RandomMetric {
  readonly kind: 'counter' | 'gauge' | 'histogram' | 'timer';
  readonly ending: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly buckets: readonly number[];
  readonly samples: readonly { readonly texts: readonly string[]; readonly value: number }[];
}

type Expected = Map<string, number>;

describe('any registry', () => {
  const LABEL_NAMES = ['a', 'b', 'constructor'];
  const LIMIT = 3;
  const finite = fc.double({ min: -1e12, max: 1e12, noNaN: true });
  const randomMetric: fc.Arbitrary<RandomMetric> = fc.record({
    kind: fc.constantFrom('counter', 'gauge', 'histogram', 'timer'),
    ending: fc.constantFrom('', '_total', '_seconds', '_bytes_total', ':rate'),
    help: oddText,
    labelNames: fc.shuffledSubarray(LABEL_NAMES),
    buckets: fc.uniqueArray(finite, { minLength: 1, maxLength: 5, comparator: (a, b) => a === b }),
    samples: fc.array(
      fc.record({ texts: fc.array(oddText, { minLength: 3, maxLength: 3 }), value: finite }),
      { maxLength: 8 },
    ),
  });
  const defaultLabels = fc.record({ a: oddText, service: oddText }, { requiredKeys: [] });

  it.each(FORMATS)('in %s is parsed back to exactly the recorded values', (format) => {
    fc.assert(
      fc.property(fc.array(randomMetric, { maxLength: 6 }), defaultLabels, (metrics, defaults) => {
        const { registry } = testRegistry({ defaultLabels: defaults, seriesLimit: LIMIT });
        const expected: Expected = new Map();
        const helps = new Map<string, string>();
        for (const [i, metric] of metrics.entries()) {
          const name = `m${i}${metric.ending}`;
          const series = record(registry, name, metric);
          for (const [text, values] of series) {
            const own = JSON.parse(text) as Record<string, string>;
            const usable = Object.entries(defaults).filter(([label]) => !metric.labelNames.includes(label));
            const labels = { ...Object.fromEntries(usable), ...own };
            for (const [key, value] of samplesOf(name, metric, labels, values, format))
              expected.set(key, value);
          }
          if (series.size > 0) helps.set(name, metric.help.toWellFormed());
        }
        const families = parseExposition(render(registry.snapshot(), format), format);
        const ours = [...families.values()].filter(({ name }) => !name.startsWith('monitoring_'));
        const read: Expected = new Map(
          ours.flatMap(({ samples }) =>
            samples.map(({ name, labels, value }) => [keyOf(name, labels), value]),
          ),
        );
        expect(read).toEqual(expected);
        expect(ours.map(({ help }) => help ?? '')).toEqual([...helps.values()]);
      }),
      { numRuns: 150 },
    );
  });

  /** Defines and records a metric; gives the values that each series should have, in order, by its labels. */
  function record(registry: MetricsRegistry, name: string, metric: RandomMetric): Map<string, number[]> {
    const { kind, help, labelNames } = metric;
    const buckets = metric.buckets.toSorted((a, b) => a - b);
    const recordOne = {
      counter: () => {
        const counter = registry.counter(name, help, { labelNames });
        return (labels: Record<string, string>, value: number) => counter.inc(labels, value);
      },
      gauge: () => {
        const gauge = registry.gauge(name, help, { labelNames });
        return (labels: Record<string, string>, value: number) => gauge.set(labels, value);
      },
      histogram: () => {
        const histogram = registry.histogram(name, help, { labelNames, buckets });
        return (labels: Record<string, string>, value: number) => histogram.observe(labels, value);
      },
      timer: () => {
        const timer = registry.timer(name, help, { labelNames, buckets });
        return (labels: Record<string, string>, value: number) => timer.observe(labels, value);
      },
    }[kind]();
    const series = new Map<string, number[]>();
    // Without labels there is a series from the start.
    if (labelNames.length === 0) series.set('{}', []);
    for (const { texts, value: given } of metric.samples) {
      const value = kind === 'counter' ? Math.abs(given) : given;
      const labels = Object.fromEntries(labelNames.map((label, i) => [label, texts[i] ?? '']));
      recordOne(labels, value);
      let key = JSON.stringify(
        Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, text.toWellFormed()])),
      );
      if (!series.has(key) && series.size >= LIMIT) key = '{"monitoring_overflow":"true"}';
      series.set(key, [...(series.get(key) ?? []), value]);
    }
    return series;
  }

  /** The samples that one series should come out as. */
  function samplesOf(
    name: string,
    metric: RandomMetric,
    labels: Record<string, string>,
    values: readonly number[],
    format: TextFormat,
  ): Expected {
    // As floating point numbers are added up: from the first to the last.
    const sum = values.reduce((total, value) => total + value, 0);
    if (metric.kind === 'counter') return new Map([[keyOf(name, labels), sum]]);
    if (metric.kind === 'gauge') return new Map([[keyOf(name, labels), (values.at(-1) ?? 0) + 0]]);
    const expected: Expected = new Map();
    for (const bound of [...metric.buckets, Infinity]) {
      const count = values.filter((value) => value <= bound).length;
      expected.set(keyOf(`${name}_bucket`, { ...labels, le: bound }), count);
    }
    if (format === 'openmetrics' && Math.min(...metric.buckets) < 0) return expected;
    expected.set(keyOf(`${name}_sum`, labels), sum);
    expected.set(keyOf(`${name}_count`, labels), values.length);
    return expected;
  }
});

/** The snapshot of one counter, one gauge and one histogram, each with an exemplar. */
function withExemplars(): MetricsSnapshot {
  const { registry } = testRegistry();
  registry.counter('c_total', 'C.', { labels: { a: '1' } }).inc(3);
  registry.gauge('g', 'G.').set(2);
  registry.histogram('h', 'H.', { buckets: [1] }).observe(7);
  const snapshot = registry.snapshot();
  const exemplar = { labels: { trace_id: 'a"b\\c\nd' }, value: 7, timestamp: 1_700_000_000_123 };
  const families = snapshot.families.map((family) => {
    const place = family.type === 'histogram' ? FIRST_BUCKET + 1 : VALUE;
    return { ...family, exemplars: new Map([[place, exemplar]]) };
  });
  return { ...snapshot, families };
}

/** A series by what identifies it, bounds as JavaScript writes them. */
function keyOf(name: string, labels: Record<string, string | number>): string {
  const { le, ...others } = labels;
  const pairs = Object.entries(others).map(([label, text]) => [label, String(text).toWellFormed()] as const);
  const bound = le === undefined ? [] : [['le', String(Number(String(le).replace(/Inf$/, 'Infinity')))]];
  return JSON.stringify([name, ...bound, ...pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}
