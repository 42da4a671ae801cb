import { beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../lib/metrics/registry.js';
import type { ObservedMetrics } from 'nestjs-monitoring/testing';
import { MetricAssertionError } from '../../lib/testing/metric-assertion.error.js';
import { expectMetric } from '../../lib/testing/metric-expectation.js';
import { createTestRegistry } from '../../lib/testing/test-registry.js';
import { trackMetrics } from '../../lib/testing/tracked-metrics.js';
import { unreachable } from '../support/expectations.js';

/** What an expectation that does not hold says. */
function failure(expectation: () => void): string {
  try {
    expectation();
  } catch (error) {
    if (error instanceof MetricAssertionError) return error.message;
    throw error;
  }
  throw new Error('The expectation held.');
}

const ORDERS = { labelNames: ['channel', 'status'] } as const;

let registry: MetricsRegistry;
let clock: ReturnType<typeof createTestRegistry>['clock'];
beforeEach(() => {
  ({ registry, clock } = createTestRegistry({ defaultLabels: { service: 'shop' } }));
});

function orders() {
  return registry.counter('orders_total', 'Orders.', ORDERS);
}

describe('toHaveIncreasedBy', () => {
  it('counts from the creation of the registry', () => {
    orders().inc({ channel: 'web', status: 200 });
    expectMetric(registry, 'orders_total', { channel: 'web', status: 200 }).toHaveIncreasedBy(1);
    expectMetric(registry, 'orders_total', { channel: 'shop', status: 200 }).toHaveIncreasedBy(0);
  });

  it('counts from the call of trackMetrics()', () => {
    orders().inc({ channel: 'web', status: 200 }, 5);
    const metrics = trackMetrics(registry);
    orders().inc({ channel: 'web', status: 200 }, 2);
    orders().inc({ channel: 'web', status: 500 });
    expectMetric(metrics, 'orders_total', { channel: 'web', status: 200 }).toHaveIncreasedBy(2);
    expectMetric(metrics, 'orders_total', { status: 500 }).toHaveIncreasedBy(1);
    expectMetric(metrics, 'orders_total').toHaveIncreasedBy(3);
    expectMetric(registry, 'orders_total').toHaveIncreasedBy(8);
  });

  it.each([
    ['at the same time', 0],
    ['later', 1_000],
  ])('counts what came after a reset %s', (_, ms) => {
    orders().inc({ channel: 'web', status: 200 }, 5);
    const metrics = trackMetrics(registry);
    registry.resetAll();
    clock.advance(ms);
    orders().inc({ channel: 'web', status: 200 }, 2);
    expectMetric(metrics, 'orders_total').toHaveIncreasedBy(2);
  });

  it('adds up the series that have the labels, default labels included', () => {
    orders().inc({ channel: 'web', status: 200 });
    orders().inc({ channel: 'web', status: 500 }, 2);
    orders().inc({ channel: 'shop', status: 200 }, 4);
    expectMetric(registry, 'orders_total', { channel: 'web' }).toHaveIncreasedBy(3);
    expectMetric(registry, 'orders_total', { service: 'shop', status: '200' }).toHaveIncreasedBy(5);
  });

  it('tolerates the rounding of floating-point numbers', () => {
    const paid = registry.counter('paid_euros_total', 'Euros.');
    paid.inc(0.1);
    paid.inc(0.2);
    expectMetric(registry, 'paid_euros_total').toHaveIncreasedBy(0.3);
    expect(failure(() => expectMetric(registry, 'paid_euros_total').toHaveIncreasedBy(0.300001))).toMatch(
      /but/,
    );
  });

  it('lists the increase of each series on failure', () => {
    orders().inc({ channel: 'web', status: 200 });
    orders().inc({ channel: 'shop', status: 200 }, 3);
    expect(failure(() => expectMetric(registry, 'orders_total', { channel: 'web' }).toHaveIncreasedBy(2)))
      .toBe(`Expected orders_total{channel="web"} to have increased by 2 since the registry was created, but it increased by 1.
Its series:
  orders_total{channel="web",status="200"} increased by 1
  orders_total{channel="shop",status="200"} increased by 3`);
    const metrics = trackMetrics(registry);
    expect(failure(() => expectMetric(metrics, 'orders_total').toHaveIncreasedBy(1))).toMatch(
      /^Expected orders_total to have increased by 1 since it was tracked, but it increased by 0\./,
    );
  });

  it('reports that there is no series, and lists at most ten', () => {
    orders();
    expect(failure(() => expectMetric(registry, 'orders_total').toHaveIncreasedBy(1))).toMatch(
      /it increased by 0\.\nIt has no series yet\.$/,
    );
    for (let status = 100; status < 112; status++) orders().inc({ channel: 'web', status });
    expect(failure(() => expectMetric(registry, 'orders_total').toHaveIncreasedBy(1))).toMatch(
      /status="109"\} increased by 1\n {2}and 2 more$/,
    );
  });

  it('lists dropped samples, a likely reason for a value that is too low', () => {
    const metrics = trackMetrics(registry);
    orders().inc({ channel: 'web', status: 200 }, -1);
    orders().inc({ channel: 'web', status: 200 }, NaN);
    orders().inc({ channel: 'web', status: 200 }, NaN);
    expect(failure(() => expectMetric(metrics, 'orders_total').toHaveIncreasedBy(1))).toMatch(
      /\nDropped samples: negative 1 time, not_a_number 2 times\.$/,
    );
    expect(
      failure(() => expectMetric(trackMetrics(registry), 'orders_total').toHaveIncreasedBy(1)),
    ).not.toMatch(/refused/);
  });
});

describe('an unknown metric', () => {
  it('is reported with the nearest name and the existing metrics', () => {
    orders();
    registry.gauge('active_users', 'Users.');
    expect(failure(() => expectMetric(registry, 'order_total').toHaveIncreasedBy(0)))
      .toBe(`Expected order_total to have increased by 0 since the registry was created, but there is no such metric. Did you mean orders_total?
Metrics: orders_total, active_users.`);
  });

  it.each<[string, ObservedMetrics, RegExp]>([
    ['has only its own', createTestRegistry().registry, /no metrics but those of the registry itself/],
    ['records nothing', createTestRegistry({ enabled: false }).registry, /the registry is disabled/],
  ])('is reported for a registry that %s', (_, empty, message) => {
    expect(failure(() => expectMetric(empty, 'orders_total').toHaveIncreasedBy(1))).toMatch(message);
  });

  it('is reported for a label, too', () => {
    orders().inc({ channel: 'web', status: 200 });
    expect(
      failure(() => expectMetric(registry, 'orders_total', { chanel: 'web' }).toHaveIncreasedBy(1)),
    ).toMatch(
      /but it has no label "chanel"\. Did you mean channel\? Its labels: channel, status, service\.$/,
    );
    const bare = createTestRegistry().registry;
    bare.counter('orders_total', 'Orders.').inc();
    expect(failure(() => expectMetric(bare, 'orders_total', { channel: '' }).toHaveIncreasedBy(1))).toMatch(
      /it has no label "channel"\. It has no labels\.$/,
    );
  });
});

describe('toHaveValue', () => {
  it('compares a gauge, or the total of a counter', () => {
    registry.gauge('active_users', 'Users.').set(42);
    orders().inc({ channel: 'web', status: 200 }, 2);
    orders().inc({ channel: 'shop', status: 200 }, 2);
    expectMetric(registry, 'active_users').toHaveValue(42);
    expectMetric(registry, 'orders_total').toHaveValue(4);
    expectMetric(trackMetrics(registry), 'orders_total').toHaveValue(4);
  });

  it('reports the actual value', () => {
    registry.gauge('active_users', 'Users.').set(41);
    expect(failure(() => expectMetric(registry, 'active_users').toHaveValue(42))).toBe(
      `Expected active_users to have the value 42, but it has the value 41.\nIts series:\n  active_users has the value 41`,
    );
  });

  it('needs a series, since a missing one is not 0', () => {
    orders().inc({ channel: 'web', status: 200 });
    expect(failure(() => expectMetric(registry, 'orders_total', { status: 500 }).toHaveValue(0))).toMatch(
      /^Expected orders_total\{status="500"\} to have the value 0, but there is no such series\.\nIts series:\n/,
    );
  });

  it('does not add up gauges', () => {
    const heat = registry.gauge('room_celsius', 'Heat.', { labelNames: ['room'] });
    heat.set({ room: 'a' }, 20);
    heat.set({ room: 'b' }, 22);
    expectMetric(registry, 'room_celsius', { room: 'b' }).toHaveValue(22);
    expect(failure(() => expectMetric(registry, 'room_celsius').toHaveValue(42))).toMatch(
      /but 2 series have these labels\. Pass the labels of exactly one\.\n/,
    );
  });
});

describe('toHaveObserved and toHaveObservedSum', () => {
  it('compare the values that a histogram or a timer observed', () => {
    const query = registry.timer('query_duration_seconds', 'Queries.', { labelNames: ['table'] });
    query.time({ table: 'users' }, () => clock.advance(100));
    const metrics = trackMetrics(registry);
    query.time({ table: 'users' }, () => clock.advance(250));
    query.time({ table: 'deals' }, () => clock.advance(500));
    expectMetric(metrics, 'query_duration_seconds', { table: 'users' }).toHaveObserved(1);
    expectMetric(metrics, 'query_duration_seconds', { table: 'users' }).toHaveObservedSum(0.25);
    expectMetric(metrics, 'query_duration_seconds').toHaveObserved(2);
    expectMetric(registry, 'query_duration_seconds').toHaveObservedSum(0.85);
  });

  it('report the actual values', () => {
    registry.histogram('order_size', 'Items.').observe(3);
    expect(failure(() => expectMetric(registry, 'order_size').toHaveObserved(2))).toBe(
      `Expected order_size to have observed 2 values since the registry was created, but it observed 1 value.\nIts series:\n  order_size observed 1 value`,
    );
    expect(failure(() => expectMetric(registry, 'order_size').toHaveObservedSum(4))).toMatch(
      /observed values whose sum is 4 since .*, but it observed values whose sum is 3\./,
    );
  });
});

describe('a matcher of another metric type', () => {
  it.each([
    ['counter', 'toHaveObserved', 'toHaveIncreasedBy() or toHaveValue()'],
    ['gauge', 'toHaveIncreasedBy', 'toHaveValue()'],
    ['timer', 'toHaveValue', 'toHaveObserved() or toHaveObservedSum()'],
    ['histogram', 'toHaveIncreasedBy', 'toHaveObserved() or toHaveObservedSum()'],
  ] as const)('of a %s is %s, and the message has those that do', (kind, matcher, fitting) => {
    const metric = {
      counter: () => registry.counter('things_total', 'Things.'),
      gauge: () => registry.gauge('things', 'Things.'),
      timer: () => registry.timer('thing_seconds', 'Things.'),
      histogram: () => registry.histogram('thing_bytes', 'Things.'),
    }[kind]();
    expect(failure(() => expectMetric(registry, metric.name)[matcher](0))).toContain(
      `but it is a ${metric.type}: use ${fitting}.`,
    );
  });
});

describe('a failure', () => {
  it('points to the line of the test', () => {
    orders();
    try {
      expectMetric(registry, 'orders_total').toHaveIncreasedBy(1);
      unreachable();
    } catch (error) {
      const [first] = (error as Error).stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
      expect(first).toContain('expect-metric.spec.ts');
    }
  });
});

describe('a registry without Nest', () => {
  it('works with expectations', () => {
    const ordinary = new MetricsRegistry();
    ordinary.counter('jobs_total', 'Jobs.').inc();
    expectMetric(ordinary, 'jobs_total').toHaveIncreasedBy(1);
  });
});
