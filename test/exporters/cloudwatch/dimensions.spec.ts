import { describe, expect, it } from '@jest/globals';
import { dimensionSetsOf } from '../../../lib/exporters/cloudwatch/dimensions.js';
import { standardUnitOf } from '../../../lib/exporters/cloudwatch/units.js';

describe('dimensions', () => {
  const labels = { route: '/orders', method: 'GET' };

  it('are all labels first, then each roll-up of which the series has all labels', () => {
    expect(dimensionSetsOf(labels, [['route'], ['tenant'], [], ['route']])).toEqual([
      [
        { Name: 'route', Value: '/orders' },
        { Name: 'method', Value: 'GET' },
      ],
      [{ Name: 'route', Value: '/orders' }],
      [],
    ]);
  });

  it('are within the limits of CloudWatch: printable ASCII, not empty, not too long and not too many', () => {
    const [set = []] = dimensionSetsOf(
      { name: 'Zoë\n☃', empty: '', spaces: '  ', long: 'x'.repeat(2_000) },
      [],
    );
    expect(set).toEqual([
      { Name: 'name', Value: 'Zoe__' },
      { Name: 'long', Value: 'x'.repeat(1_024) },
    ]);
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`label_${i}`, 'x']));
    expect(dimensionSetsOf(many, [])[0]).toHaveLength(30);
  });
});

describe('the unit of a metric', () => {
  it.each([
    ['http_request_duration_seconds', 'histogram', 'Seconds'],
    ['cpu_seconds_total', 'counter', 'Seconds'],
    ['network_bytes_per_second', 'gauge', 'Bytes/Second'],
    ['heap_bytes', 'gauge', 'Bytes'],
    ['cpu_percent', 'gauge', 'Percent'],
    ['orders_total', 'counter', 'Count'],
    ['queue_length', 'gauge', 'None'],
  ] as const)('%s, a %s, is %s', (name, type, unit) => {
    expect(standardUnitOf(name, type)).toBe(unit);
  });
});
