import { describe, expect, it } from '@jest/globals';
import { MetricDefinitionError } from '../../lib/metrics/metric-definition.error.js';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import { type MetricKind } from 'nestjs-monitoring/metrics';
import { family, histograms, scalars, testRegistry } from './support.js';

/** What `define` throws; fails the test unless it is a definition error. */
function definitionError(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    if (error instanceof MetricDefinitionError) return error.message;
    throw error;
  }
  throw new Error('expected a MetricDefinitionError');
}

describe('asking for a metric again', () => {
  it('returns the same instrument for the same definition', () => {
    const { registry } = testRegistry();
    const options = { labelNames: ['a', 'b'] } as const;
    const buckets = [1, 2];
    expect(registry.counter('c_total', 'C.', options)).toBe(registry.counter('c_total', 'C.', options));
    expect(registry.gauge('g', 'G.', options)).toBe(registry.gauge('g', 'G.', options));
    expect(registry.histogram('h', 'H.', { buckets })).toBe(
      registry.histogram('h', 'H.', { buckets: [1, 2] }),
    );
    expect(registry.timer('t', 'T.')).toBe(registry.timer('t', 'T.'));
  });

  it('compares only the given options, and label names in any order', () => {
    const { registry } = testRegistry();
    const options = { labelNames: ['a', 'b'], buckets: [1, 2], seriesLimit: 7 } as const;
    const histogram = registry.histogram('h', 'H.', options);
    expect(registry.histogram('h', undefined, { labelNames: ['b', 'a'] })).toBe(histogram);
    expect(registry.histogram('h', 'H.', { labelNames: ['a', 'b'], buckets: [1, 2, Infinity] })).toBe(
      histogram,
    );
    registry.histogram('h', 'H.', { labels: { b: '1', a: '2' } }).observe(1);
    expect(histogram.count({ a: '2', b: '1' })).toBe(1);
  });

  it.each<[string, (registry: MetricsRegistry) => unknown, RegExp]>([
    [
      'type',
      (r) => r.gauge('m', 'Help.', { labelNames: ['a'] }),
      /gauge m\{a\}.* conflicts with histogram m\{a\}/,
    ],
    [
      'kind',
      (r) => r.timer('m', 'Help.', { labelNames: ['a'] }),
      /timer m\{a\}.* conflicts with histogram m\{a\}/,
    ],
    ['help', (r) => r.histogram('m', 'Other.', { labelNames: ['a'] }), /"Other\.".*"Help\."/],
    ['labels', (r) => r.histogram('m', 'Help.', { labelNames: ['b'] }), /m\{b\}.*m\{a\}/],
    ['number of labels', (r) => r.histogram('m', 'Help.', { labelNames: ['a', 'b'] }), /m\{a, b\}.*m\{a\}/],
    ['bound labels', (r) => r.histogram('m', 'Help.', { labels: { b: 1 } }), /m\{b\}.*m\{a\}/],
    ['lack of labels', (r) => r.histogram('m', 'Help.'), /histogram m ".*m\{a\}/],
    ['buckets', (r) => r.histogram('m', 'Help.', { labelNames: ['a'], buckets: [3] }), /\[3\].*\[1, 2\]/],
    [
      'limit',
      (r) => r.histogram('m', 'Help.', { labelNames: ['a'], seriesLimit: 9 }),
      /seriesLimit 9.*seriesLimit 5/,
    ],
  ])('rejects another %s and shows both definitions', (_, define, message) => {
    const { registry } = testRegistry();
    const options = { labelNames: ['a'], buckets: [1, 2], seriesLimit: 5 } as const;
    const histogram = registry.histogram('m', 'Help.', options);
    expect(definitionError(() => define(registry))).toMatch(message);
    expect(registry.getMetric('m')).toBe(histogram);
  });

  it('rejects both labels and labelNames', () => {
    const { registry } = testRegistry();
    const both = { labels: { a: '1' }, labelNames: ['a'] } as { labels: { a: string } };
    expect(definitionError(() => registry.counter('c_total', 'C.', both))).toMatch(
      /both `labels` and `labelNames`/,
    );
    expect(registry.getMetric('c_total')).toBeUndefined();
  });
});

describe('a name', () => {
  const define: Record<MetricKind, (registry: MetricsRegistry, name: string) => unknown> = {
    counter: (registry, name) => registry.counter(name, 'Help.'),
    gauge: (registry, name) => registry.gauge(name, 'Help.'),
    histogram: (registry, name) => registry.histogram(name, 'Help.'),
    timer: (registry, name) => registry.timer(name, 'Help.'),
  };

  it.each<[MetricKind, string, MetricKind, string]>([
    ['histogram', 'x', 'counter', 'x_bucket'],
    ['histogram', 'x', 'gauge', 'x_sum'],
    ['histogram', 'x', 'gauge', 'x_count'],
    ['timer', 'x', 'gauge', 'x_created'],
    ['histogram', 'x', 'histogram', 'x_bucket'],
    ['counter', 'x_total', 'gauge', 'x'],
    ['counter', 'x_total', 'gauge', 'x_created'],
    ['counter', 'x_total', 'counter', 'x_created_total'],
    ['counter', 'x_total', 'counter', 'x'],
    ['counter', 'x_total', 'histogram', 'x'],
    ['counter', 'x', 'histogram', 'x'],
  ])('of a %s, %s, conflicts with a %s called %s, in either order', (kind, name, other, taken) => {
    for (const [first, firstName, second, secondName] of [
      [kind, name, other, taken],
      [other, taken, kind, name],
    ] as const) {
      const { registry } = testRegistry();
      define[first](registry, firstName);
      const message = definitionError(() => define[second](registry, secondName));
      expect(message).toContain(`${second} ${secondName}`);
      expect(message).toContain(`${first} ${firstName}`);
      if (firstName !== secondName) expect(registry.getMetric(secondName)).toBeUndefined();
    }
  });

  it.each<[MetricKind, string, MetricKind, string]>([
    ['counter', 'x_total', 'gauge', 'x_sum'],
    ['gauge', 'x', 'gauge', 'x_count'],
    ['gauge', 'x_total', 'gauge', 'x'],
    ['counter', 'x', 'gauge', 'x_total'],
    ['histogram', 'x', 'counter', 'x_sum_total_total'],
  ])('of a %s, %s, does not conflict with a %s called %s', (kind, name, other, free) => {
    const { registry } = testRegistry();
    define[kind](registry, name);
    define[other](registry, free);
    expect(
      registry
        .getAllMetrics()
        .slice(-2)
        .map((metric) => metric.name),
    ).toEqual([name, free]);
  });

  it.each(['', ' ', '1x', 'a-b', 'a b', 'a{b="c"}', 'a\n', 'é', 'a"', '\ud800'])('cannot be %j', (name) => {
    const { registry } = testRegistry();
    for (const kind of Object.values(define)) {
      expect(definitionError(() => kind(registry, name))).toContain('metric name');
    }
  });

  it('of a metric of this library is reserved', () => {
    const { registry } = testRegistry();
    expect(definitionError(() => registry.gauge('monitoring_dropped_samples_total'))).toMatch(/conflicts/);
  });
});

describe('a label', () => {
  it.each(['le', 'quantile', 'monitoring_overflow', '__x', '__name__'])(
    'cannot be called %s, which is reserved',
    (name) => {
      const { registry } = testRegistry();
      expect(definitionError(() => registry.counter('c_total', 'C.', { labelNames: [name] }))).toMatch(
        /reserved/,
      );
      expect(definitionError(() => registry.timer('t', 'T.', { labels: { [name]: '1' } }))).toMatch(
        /reserved/,
      );
      expect(definitionError(() => testRegistry({ defaultLabels: { [name]: '1' } }))).toMatch(/reserved/);
    },
  );

  it.each(['', '1a', 'a-b', 'a:b', 'é', 'a\n', 'a="x",b'])('cannot be called %j', (name) => {
    const { registry } = testRegistry();
    expect(definitionError(() => registry.gauge('g', 'G.', { labelNames: [name] }))).toMatch(
      /is not a valid label name/,
    );
  });

  it('is rejected twice in one metric', () => {
    const { registry } = testRegistry();
    expect(definitionError(() => registry.gauge('g', 'G.', { labelNames: ['a', 'b', 'a'] }))).toMatch(
      /label name twice/,
    );
  });

  it('does not change with the array that it was given in', () => {
    const { registry } = testRegistry();
    const labelNames = ['a'];
    const gauge = registry.gauge('g', 'G.', { labelNames });
    labelNames[0] = 'le';
    gauge.set({ a: 'x' }, 1);
    expect(scalars(registry, 'g')).toMatchObject([{ labels: { a: 'x' }, value: 1 }]);
  });
});

describe('a series limit', () => {
  it.each([0, -1, 1.5, NaN, '10' as unknown as number])('cannot be %s', (seriesLimit) => {
    expect(definitionError(() => testRegistry({ seriesLimit }))).toMatch(/`seriesLimit` of the registry/);
    const { registry } = testRegistry();
    expect(definitionError(() => registry.counter('c_total', 'C.', { seriesLimit }))).toMatch(
      /counter c_total/,
    );
  });
});

describe('naming advice', () => {
  it.each<[string, string, (registry: MetricsRegistry) => unknown]>([
    ['requests_total', 'a counter without _total', (r) => r.counter('requests', 'Help.')],
    ['users', 'a gauge with _total', (r) => r.gauge('users_total', 'Help.')],
    ['wait_seconds', 'milliseconds', (r) => r.timer('wait_ms', 'Help.')],
    ['heap_bytes', 'megabytes', (r) => r.gauge('heap_megabytes', 'Help.')],
    ['load_average', 'camel case', (r) => r.gauge('loadAverage', 'Help.')],
    ['queue', 'the type in the name', (r) => r.gauge('queue_gauge', 'Help.')],
    ['size', 'the ending of a sample of a histogram', (r) => r.gauge('size_bucket', 'Help.')],
    ['job_runs', 'a colon', (r) => r.gauge('job:runs', 'Help.')],
    ['status_code', 'a camel case label', (r) => r.gauge('g', 'Help.', { labelNames: ['statusCode'] })],
    ['help text', 'an empty help text', (r) => r.gauge('g')],
  ])('proposes %s once for %s', (better, _, define) => {
    const { registry, warnings } = testRegistry();
    define(registry);
    define(registry);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(better);
  });

  it('is silent about good names', () => {
    const { registry, warnings } = testRegistry();
    registry.counter('http_requests_total', 'Requests.', { labelNames: ['status_code'] });
    registry.gauge('heap_bytes', 'Heap.');
    registry.timer('http_request_duration_seconds', 'Time.');
    registry.histogram('order_size', 'Items.');
    expect(warnings).toEqual([]);
  });

  it('is a process warning without a logger', async () => {
    const warnings: Error[] = [];
    const listen = (warning: Error): void => void warnings.push(warning);
    process.on('warning', listen);
    new MetricsRegistry().gauge('users_total', 'Users.');
    await new Promise(setImmediate);
    process.off('warning', listen);
    // Node warns of what Jest does, too.
    expect(warnings.filter(({ name }) => name === 'MonitoringWarning')).toMatchObject([
      { message: expect.stringContaining('users') },
    ]);
  });
});

describe('the registry', () => {
  it('lists its metrics in the order of their creation and finds them by name', () => {
    const { registry } = testRegistry();
    const [b, a] = [registry.gauge('b', 'B.'), registry.gauge('a', 'A.')];
    expect(registry.getAllMetrics().filter(({ name }) => !name.startsWith('monitoring_'))).toEqual([b, a]);
    expect(registry.getMetric('a')).toBe(a);
    expect(registry.getMetric('constructor')).toBeUndefined();
  });

  it('frees every name of a removed metric, which stays usable', () => {
    const { registry } = testRegistry();
    const old = registry.histogram('x', 'X.', { labels: { a: '1' } });
    expect(registry.remove('x')).toBe(true);
    expect(registry.remove('x')).toBe(false);
    old.observe(1);
    for (const name of ['x', 'x_bucket', 'x_sum', 'x_count', 'x_created'])
      registry.gauge(name, 'Help.').set(2);
    expect(old.count()).toBe(1);
    expect(family(registry, 'x').type).toBe('gauge');
  });

  it('warns again if a metric that replaces a removed one overflows', () => {
    const { registry, warnings } = testRegistry({ seriesLimit: 1 });
    for (let round = 0; round < 2; round++) {
      const visits = registry.counter('visits_total', 'Visits.', { labelNames: ['user'] });
      for (const user of ['a', 'b', 'c']) visits.inc({ user });
      registry.remove('visits_total');
    }
    expect(warnings.filter((warning) => warning.includes('visits_total'))).toHaveLength(2);
  });

  it('shares nothing with another registry', () => {
    const [one, other] = [testRegistry().registry, testRegistry().registry];
    one.counter('c_total', 'C.').inc();
    expect(other.getMetric('c_total')).toBeUndefined();
    other.counter('c_total', 'Another.').inc(5);
    expect([scalars(one, 'c_total')[0]?.value, scalars(other, 'c_total')[0]?.value]).toEqual([1, 5]);
  });

  it('resets every metric, its own included', () => {
    const { registry } = testRegistry({ seriesLimit: 1 });
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a'] });
    const histogram = registry.histogram('h', 'H.');
    for (const a of [1, 2, 3]) counter.inc({ a }, a === 3 ? NaN : 1);
    histogram.observe(4);
    registry.resetAll();
    expect(scalars(registry, 'c_total')).toEqual([]);
    expect(scalars(registry, 'monitoring_dropped_samples_total')).toEqual([]);
    expect(scalars(registry, 'monitoring_series_overflow_total')).toEqual([]);
    expect(histograms(registry, 'h')).toMatchObject([{ count: 0, sum: 0, min: NaN }]);
    expect(histogram.percentile(0.5)).toBeNaN();
  });
});
