import { describe, expect, it } from '@jest/globals';
import type { MetricFamily, MetricsRegistry } from 'nestjs-monitoring';
import { endedSeries, seriesKeys, withoutSeries } from '../../lib/cluster/ended-series.js';
import { testRegistry } from '../metrics/support.js';

const familiesOf = (registry: MetricsRegistry): readonly MetricFamily[] => registry.snapshot().families;

/** The labels and values of series, by metric. */
function valuesOf(families: readonly MetricFamily[]): Record<string, unknown[]> {
  return Object.fromEntries(
    families.map(({ name, series }) => [
      name,
      [...series].map((one) => [one.labels, 'value' in one && one.value]),
    ]),
  );
}

function ordersRegistry() {
  const { registry, clock } = testRegistry();
  const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['channel'] });
  orders.inc({ channel: 'web' }, 3);
  orders.inc({ channel: 'app' }, 5);
  return { registry, clock, orders };
}

describe('the series that ended in a worker', () => {
  it('are those that it removed, with their last values', () => {
    const { registry, orders } = ordersRegistry();
    const before = familiesOf(registry);
    orders.remove({ channel: 'web' });
    expect(valuesOf(endedSeries(before, familiesOf(registry)))).toEqual({
      orders_total: [[{ channel: 'web' }, 3]],
    });
  });

  it('are none while the series only grow, and none of a gauge', () => {
    const { registry, orders } = ordersRegistry();
    const users = registry.gauge('users', 'Users.', { labelNames: ['tenant'] });
    users.set({ tenant: 'a' }, 5);
    const before = familiesOf(registry);
    orders.inc({ channel: 'web' }, 1);
    orders.inc({ channel: 'phone' }, 1);
    users.remove({ tenant: 'a' });
    expect(endedSeries(before, familiesOf(registry))).toEqual([]);
  });

  it('are those that a reset set to zero, also within the same millisecond', () => {
    const { registry, orders, clock } = ordersRegistry();
    const before = familiesOf(registry);
    orders.reset();
    orders.inc({ channel: 'app' }, 2);
    expect(valuesOf(endedSeries(before, familiesOf(registry)))).toEqual({
      orders_total: [
        [{ channel: 'web' }, 3],
        [{ channel: 'app' }, 5],
      ],
    });
    const between = familiesOf(registry);
    clock.advance(1);
    orders.reset();
    orders.inc({ channel: 'app' }, 100);
    expect(valuesOf(endedSeries(between, familiesOf(registry)))).toEqual({
      orders_total: [[{ channel: 'app' }, 2]],
    });
  });

  it('are all of a metric that is gone, or that has other buckets now', () => {
    const { registry } = ordersRegistry();
    const before = familiesOf(registry);
    expect(valuesOf(endedSeries(before, []))).toEqual({
      orders_total: [
        [{ channel: 'web' }, 3],
        [{ channel: 'app' }, 5],
      ],
    });
    const histogram = (buckets: number[]): readonly MetricFamily[] => {
      const other = testRegistry().registry;
      other.histogram('size', 'Size.', { buckets }).observe(1);
      return familiesOf(other);
    };
    expect(endedSeries(histogram([1]), histogram([1, 2])).map(({ name }) => name)).toEqual(['size']);
  });
});

describe('series of a snapshot', () => {
  it('have keys that do not depend on the order of the labels', () => {
    const registryOf = (labelNames: string[]): MetricsRegistry => {
      const { registry } = testRegistry();
      registry.counter('a_total', 'A.', { labelNames }).inc({ x: '1', y: '2' });
      return registry;
    };
    expect(seriesKeys(familiesOf(registryOf(['x', 'y'])))).toEqual(
      seriesKeys(familiesOf(registryOf(['y', 'x']))),
    );
  });

  it('can be left out; a metric without any is left out as a whole', () => {
    const { registry } = ordersRegistry();
    const families = familiesOf(registry);
    const some = withoutSeries(families, (_, key) => key.includes('web'));
    expect(valuesOf(some)).toEqual({ orders_total: [[{ channel: 'app' }, 5]] });
    expect(withoutSeries(families, () => true)).toEqual([]);
    // The snapshot itself stays what it was.
    expect(valuesOf(families)['orders_total']).toHaveLength(2);
  });
});
