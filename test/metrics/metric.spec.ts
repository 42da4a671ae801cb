import { beforeEach, describe, expect, it } from '@jest/globals';
import type { LabelValue } from 'nestjs-monitoring';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import { dropped, histograms, scalars, testRegistry, type TestRegistry } from './support.js';

/** A way to record a sample: to what, how, and how to see what it did. */
interface Way {
  readonly record: (value: unknown) => void;
  /** Everything that a sample could have changed. */
  readonly read: () => unknown;
}

/** Every instrument, in every way in which it takes a sample. All are called `m`. */
const WAYS: Record<string, (registry: MetricsRegistry) => Way> = {
  'counter.inc(value)': (registry) => {
    const counter = registry.counter('m', 'M.');
    return { record: (value) => counter.inc(value as number), read: () => scalars(registry, 'm') };
  },
  'counter.inc(labels, value)': (registry) => {
    const counter = registry.counter('m', 'M.', { labelNames: ['a'] });
    return {
      record: (value) => counter.inc({ a: 'x' }, value as number),
      read: () => scalars(registry, 'm'),
    };
  },
  'counter.labels(labels).inc(value)': (registry) => {
    const series = registry.counter('m', 'M.', { labels: { a: 'x' } });
    return { record: (value) => series.inc(value as number), read: () => scalars(registry, 'm') };
  },
  'gauge.set(value)': (registry) => {
    const gauge = registry.gauge('m', 'M.');
    return { record: (value) => gauge.set(value as number), read: () => scalars(registry, 'm') };
  },
  'gauge.inc(value)': (registry) => {
    const gauge = registry.gauge('m', 'M.');
    return { record: (value) => gauge.inc(value as number), read: () => scalars(registry, 'm') };
  },
  'gauge.dec(labels, value)': (registry) => {
    const gauge = registry.gauge('m', 'M.', { labelNames: ['a'] });
    return { record: (value) => gauge.dec({ a: 'x' }, value as number), read: () => scalars(registry, 'm') };
  },
  'gauge.labels(labels).set(value)': (registry) => {
    const series = registry.gauge('m', 'M.', { labels: { a: 'x' } });
    return { record: (value) => series.set(value as number), read: () => scalars(registry, 'm') };
  },
  'histogram.observe(value)': (registry) => {
    const histogram = registry.histogram('m', 'M.');
    return { record: (value) => histogram.observe(value as number), read: () => histograms(registry, 'm') };
  },
  'histogram.observe(labels, value)': (registry) => {
    const histogram = registry.histogram('m', 'M.', { labelNames: ['a'] });
    return {
      record: (value) => histogram.observe({ a: 'x' }, value as number),
      read: () => histograms(registry, 'm'),
    };
  },
  'histogram.labels(labels).observe(value)': (registry) => {
    const series = registry.histogram('m', 'M.', { labels: { a: 'x' } });
    return { record: (value) => series.observe(value as number), read: () => histograms(registry, 'm') };
  },
  'timer.observe(labels, value)': (registry) => {
    const timer = registry.timer('m', 'M.', { labelNames: ['a'] });
    return {
      record: (value) => timer.observe({ a: 'x' }, value as number),
      read: () => histograms(registry, 'm'),
    };
  },
};

const NOT_A_SAMPLE: readonly (readonly [what: string, value: unknown, reason: string])[] = [
  ['NaN', NaN, 'not_a_number'],
  ['Infinity', Infinity, 'infinite'],
  ['-Infinity', -Infinity, 'infinite'],
  ['a numeric string', '5', 'not_a_number'],
  ['null', null, 'not_a_number'],
  ['true', true, 'not_a_number'],
  ['a bigint', 5n, 'not_a_number'],
  ['a symbol', Symbol('five'), 'not_a_number'],
  ['a function that cannot be a number', Object.assign(() => 5, { valueOf: explode }), 'not_a_number'],
];

function explode(): never {
  throw new Error('not in the hot path');
}

describe.each(Object.entries(WAYS))('%s', (_, way) => {
  it.each(NOT_A_SAMPLE)(
    'refuses %s, counts that, changes nothing else and does not throw',
    (_what, value, reason) => {
      const { registry } = testRegistry();
      const { record, read } = way(registry);
      record(3);
      const before = read();
      record(value);
      record(value);
      expect(read()).toEqual(before);
      expect(dropped(registry)).toEqual({ [`m ${reason}`]: 2 });
      record(4);
      expect(read()).not.toEqual(before);
    },
  );
});

const UNUSABLE_LABELS: readonly (readonly [what: string, labels: () => object, reason: string])[] = [
  ['a label that the metric does not have', () => ({ a: 'x', zzz: 'y' }), 'unknown_label'],
  ['only labels that the metric does not have', () => ({ zzz: 'y' }), 'unknown_label'],
  ['a label called __proto__', () => JSON.parse('{"__proto__":"x"}') as object, 'unknown_label'],
  ['the label that marks the overflow series', () => ({ monitoring_overflow: 'true' }), 'unknown_label'],
  ['an array', () => ['x'], 'unknown_label'],
  [
    'a getter that throws',
    () => Object.defineProperty({}, 'a', { get: explode, enumerable: true }),
    'unreadable_label',
  ],
  ['a toString that throws', () => ({ a: { toString: explode } }), 'unreadable_label'],
  ['a value without toString', () => ({ a: Object.create(null) as object }), 'unreadable_label'],
  ['a proxy that throws', () => new Proxy({}, { ownKeys: explode }), 'unreadable_label'],
];

describe('labels', () => {
  it.each(UNUSABLE_LABELS)(
    'that are %s are refused and counted in every way of recording',
    (_, make, reason) => {
      const { registry } = testRegistry();
      const labels = make() as { a: string; b: string };
      const options = { labelNames: ['a', 'b'] } as const;
      const [counter, gauge] = [registry.counter('c', 'C.', options), registry.gauge('g', 'G.', options)];
      const [histogram, timer] = [registry.histogram('h', 'H.', options), registry.timer('t', 'T.', options)];
      counter.inc(labels);
      counter.labels(labels).inc();
      gauge.set(labels, 1);
      gauge.labels(labels).dec();
      histogram.observe(labels, 1);
      histogram.labels(labels).observe(1);
      timer.start(labels)();
      timer.time(labels, () => undefined);
      const reads = [
        counter.value(labels),
        counter.labels(labels).value(),
        gauge.value(labels),
        histogram.count(labels),
        histogram.sum(labels),
        histogram.labels(labels).count(),
        histogram.labels(labels).percentile(0.5),
      ];
      expect(reads).toEqual([0, 0, 0, 0, 0, 0, NaN]);
      expect(counter.remove(labels)).toBe(false);
      expect([counter, gauge, histogram, timer].map(({ seriesCount }) => seriesCount)).toEqual([0, 0, 0, 0]);
      expect(dropped(registry)).toEqual({
        [`c ${reason}`]: 2,
        [`g ${reason}`]: 2,
        [`h ${reason}`]: 2,
        [`t ${reason}`]: 2,
      });
    },
  );

  it('are coerced to strings', () => {
    const { registry } = testRegistry();
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a'] });
    const values: LabelValue[] = [1, -0, true, 10n, null, undefined, 'x'];
    for (const a of values) counter.inc({ a });
    counter.inc({ a: Symbol('s') as unknown as string });
    const seen = scalars(registry, 'c_total').map(({ labels, value }) => [labels['a'], value]);
    expect(seen).toEqual([
      ['1', 1],
      ['0', 1],
      ['true', 1],
      ['10', 1],
      ['', 2],
      ['x', 1],
      ['Symbol(s)', 1],
    ]);
  });

  it('may record samples of the same metric while they are read', () => {
    const { registry } = testRegistry();
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a', 'b'] });
    const b = {
      toString: () => {
        counter.inc({ a: 'inner', b: 'inner' });
        return 'outer';
      },
    };
    counter.inc({ a: 'outer', b: b as unknown as string });
    expect(counter.value({ a: 'outer', b: 'outer' })).toBe(1);
    expect(counter.value({ a: 'inner', b: 'inner' })).toBeGreaterThan(0);
    expect(counter.seriesCount).toBe(2);
  });

  it.each(['inc', 'labels', 'value', 'remove'] as const)(
    'may empty the very metric while %s reads them',
    (method) => {
      const { registry } = testRegistry();
      const counter = registry.counter('c_total', 'C.', { labelNames: ['a', 'b'] });
      for (let i = 0; i < 20; i++) counter.inc({ a: `${i}`, b: 'x' });
      const b = {
        toString: () => {
          counter.reset();
          return 'x';
        },
      };
      counter[method]({ a: '19', b: b as unknown as string });
      counter.inc({ a: '19', b: 'x' });
      const expected = method === 'inc' ? 2 : 1;
      expect(scalars(registry, 'c_total')).toMatchObject([{ labels: { a: '19', b: 'x' }, value: expected }]);
    },
  );

  it('may reset the same metric while they are read', () => {
    const { registry } = testRegistry();
    const counter = registry.counter('c_total', 'C.', { labelNames: ['a', 'b'] });
    for (let i = 0; i < 20; i++) counter.inc({ a: `${i}`, b: 'x' });
    counter.inc({
      a: '7',
      get b() {
        counter.reset();
        return 'x';
      },
    });
    expect(scalars(registry, 'c_total')).toMatchObject([{ labels: { a: '7', b: 'x' }, value: 1 }]);
  });
});

describe('the series limit', () => {
  const USERS = 100_000;
  let tested: TestRegistry;

  beforeEach(() => {
    tested = testRegistry({ seriesLimit: 1_000 });
  });

  it('bounds the series under random label values, keeps the total exact and warns once', () => {
    const { registry, warnings } = tested;
    const visits = registry.counter('visits_total', 'Visits.', { labelNames: ['user'] });
    for (let i = 0; i < USERS; i++) visits.inc({ user: `user ${Math.random()} ${i}` });

    const series = scalars(registry, 'visits_total');
    const overflow = series.filter(({ labels }) => labels['monitoring_overflow'] === 'true');
    expect(series).toHaveLength(1_001);
    expect(overflow).toMatchObject([{ labels: { monitoring_overflow: 'true' }, value: USERS - 1_000 }]);
    expect(series.reduce((sum, { value }) => sum + value, 0)).toBe(USERS);
    expect(visits.seriesCount).toBe(1_000);
    expect(scalars(registry, 'monitoring_series_overflow_total')).toMatchObject([
      { labels: { metric: 'visits_total' }, value: USERS - 1_000 },
    ]);
    expect(warnings.filter((warning) => warning.includes('visits_total'))).toHaveLength(1);
  });

  it('sums histograms and gauges in one overflow series', () => {
    const { registry } = tested;
    const options = { labelNames: ['user'], seriesLimit: 2 } as const;
    const size = registry.histogram('size', 'Sizes.', { ...options, buckets: [10] });
    const level = registry.gauge('level', 'Level.', options);
    for (let i = 1; i <= 6; i++) {
      size.observe({ user: `${i}` }, i);
      level.labels({ user: `${i}` }).inc(i);
    }
    expect(histograms(registry, 'size').map(({ count, sum, min, max }) => [count, sum, min, max])).toEqual([
      [1, 1, 1, 1],
      [1, 2, 2, 2],
      [4, 18, 3, 6],
    ]);
    expect(size.percentile(1)).toBe(6);
    expect(scalars(registry, 'level').map(({ value }) => value)).toEqual([1, 2, 18]);
  });

  it('accepts a new label set after another was removed', () => {
    const { registry } = tested;
    const options = { labelNames: ['user'], seriesLimit: 1 } as const;
    const visits = registry.counter('visits_total', 'Visits.', options);
    visits.inc({ user: 'a' });
    const late = visits.labels({ user: 'b' });
    late.inc();
    visits.remove({ user: 'a' });
    late.inc();
    expect(visits.value({ user: 'b' })).toBe(1);
    expect(scalars(registry, 'visits_total').map(({ value }) => value)).toEqual([1, 1]);
  });

  it('can be infinite', () => {
    const { registry } = tested;
    const options = { labelNames: ['user'], seriesLimit: Infinity } as const;
    const visits = registry.counter('visits_total', 'Visits.', options);
    for (let i = 0; i < 5_000; i++) visits.inc({ user: i });
    expect(scalars(registry, 'visits_total')).toHaveLength(5_000);
  });

  it('does not throw if the logger throws', () => {
    const registry = new MetricsRegistry({ seriesLimit: 1, logger: { warn: explode } });
    const visits = registry.counter('visits_total', 'Visits.', { labelNames: ['user'] });
    for (const user of ['a', 'b', 'c']) visits.inc({ user });
    expect(scalars(registry, 'visits_total').map(({ value }) => value)).toEqual([1, 2]);
  });
});

describe('remove and reset', () => {
  it('remove one series, which starts again at zero', () => {
    const { registry, clock } = testRegistry();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['route'] });
    requests.inc({ route: '/a' }, 5);
    requests.inc({ route: '/b' }, 7);
    expect(requests.remove({ route: '/a' })).toBe(true);
    expect(requests.remove({ route: '/a' })).toBe(false);
    expect(scalars(registry, 'requests_total')).toMatchObject([{ labels: { route: '/b' }, value: 7 }]);
    clock.advance(60_000);
    requests.inc({ route: '/a' });
    const [b, a] = scalars(registry, 'requests_total');
    expect(a).toMatchObject({ labels: { route: '/a' }, value: 1, createdAt: clock.now() });
    expect(b).toMatchObject({ value: 7, createdAt: clock.now() - 60_000 });
  });

  it.each(['remove', 'reset'] as const)(
    '(%s) leave bound series working: they begin anew and lose nothing',
    (how) => {
      const { registry, clock } = testRegistry();
      const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['route'] });
      const query = registry.timer('query_seconds', 'Queries.', { labelNames: ['table'] });
      const [route, table] = [{ route: '/a' }, { table: 'deals' }];
      const [bound, boundTimer] = [requests.labels(route), query.labels(table)];
      bound.inc(5);
      const stop = boundTimer.start();
      boundTimer.observe(9);
      clock.advance(1_000);
      if (how === 'remove') {
        requests.remove(route);
        query.remove(table);
      } else registry.resetAll();
      bound.inc(2);
      stop();
      expect(scalars(registry, 'requests_total')).toMatchObject([
        { labels: route, value: 2, createdAt: clock.now() },
      ]);
      expect(histograms(registry, 'query_seconds')).toMatchObject([
        { labels: table, count: 1, sum: 1, max: 1, createdAt: clock.now() },
      ]);
      expect([bound.value(), boundTimer.sum(), boundTimer.percentile(0.5)]).toEqual([2, 1, 1]);
    },
  );

  it('keep bound series bound to their labels', () => {
    const { registry } = testRegistry();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['method', 'route'] });
    requests.inc({ method: 'GET', route: '/a' });
    requests.inc({ method: 'POST', route: '/b' });
    const bound = requests.labels({ method: 'GET', route: '/a' });
    requests.inc({ method: 'PUT', route: '/c' });
    requests.reset();
    bound.inc(5);
    expect(scalars(registry, 'requests_total')).toMatchObject([
      { labels: { method: 'GET', route: '/a' }, value: 5 },
    ]);
  });

  it('set a metric without labels to zero', () => {
    const { registry, clock } = testRegistry();
    const jobs = registry.counter('jobs_total', 'Jobs.');
    jobs.inc(3);
    clock.advance(10);
    expect(jobs.remove({})).toBe(true);
    expect(scalars(registry, 'jobs_total')).toMatchObject([{ value: 0, createdAt: clock.now() }]);
    jobs.inc();
    registry.resetAll();
    jobs.inc(2);
    expect(jobs.value()).toBe(2);
  });

  it('remove the overflow series as a whole', () => {
    const { registry } = testRegistry({ seriesLimit: 1 });
    const visits = registry.counter('visits_total', 'Visits.', { labelNames: ['user'] });
    for (const user of ['a', 'b', 'c']) visits.inc({ user });
    visits.reset();
    visits.inc({ user: 'c' });
    expect(scalars(registry, 'visits_total')).toMatchObject([{ labels: { user: 'c' }, value: 1 }]);
  });

  it('keep the data of histograms, the overflow series included', () => {
    const { registry } = testRegistry();
    const size = registry.histogram('size', 'Sizes.', {
      labelNames: ['shop'],
      buckets: [10],
      seriesLimit: 300,
    });
    for (let shop = 0; shop < 310; shop++) size.observe({ shop }, shop);
    const before = histograms(registry, 'size');
    for (let shop = 0; shop < 300; shop++) if (shop % 10 !== 7) size.remove({ shop });
    const after = histograms(registry, 'size');
    expect(after).toEqual(before.filter(({ labels: { shop } }) => shop === undefined || shop.endsWith('7')));
    expect(after).toHaveLength(31);
    expect(size.labels({ shop: 297 }).percentile(0.5)).toBe(297);
    expect(size.percentile(1)).toBe(309);
  });
});
