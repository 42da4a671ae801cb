import { describe, expect, it } from '@jest/globals';
import { filterMetrics } from '../../../lib/exporters/push/metric-filter.js';
import { testRegistry } from '../../metrics/support.js';

describe('a filter of metrics', () => {
  const { registry } = testRegistry();
  for (const name of ['orders_total', 'order_errors_total', 'users_total'])
    registry.counter(name, 'Help.').inc();
  const snapshot = registry.snapshot();
  const namesOf = (filter: readonly (string | RegExp)[] | undefined): string[] =>
    filterMetrics(snapshot, filter).families.map(({ name }) => name);

  it('accepts whole names and parts of names', () => {
    expect(namesOf(['users_total', /^order_/])).toEqual(['order_errors_total', 'users_total']);
    expect(namesOf(['users'])).toEqual([]);
    expect(namesOf([])).toEqual([]);
    expect(filterMetrics(snapshot, undefined)).toBe(snapshot);
  });
});
