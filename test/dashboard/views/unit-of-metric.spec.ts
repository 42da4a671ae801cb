import { describe, expect, it } from '@jest/globals';
import { unitOfMetric, unitOfRate } from '../../../lib/dashboard/views/unit-of-metric.js';

describe('the unit of a metric', () => {
  it.each([
    ['http_request_duration_seconds', 'histogram', 'seconds'],
    ['process_start_time_seconds', 'gauge', 'timestamp'],
    ['last_run_timestamp_seconds', 'gauge', 'timestamp'],
    ['network_bytes_per_second', 'gauge', 'bytes per second'],
    ['sent_bytes_total', 'counter', 'bytes'],
    ['cpu_percent', 'gauge', 'percent'],
    ['cache_hit_ratio', 'gauge', 'ratio'],
    ['orders_total', 'counter', 'number'],
    ['volts', 'gauge', 'number'],
  ] as const)('%s, a %s, is %s', (name, type, unit) => {
    expect(unitOfMetric(name, type)).toBe(unit);
  });

  it('per second is that of a rate', () => {
    expect([unitOfRate('bytes'), unitOfRate('number'), unitOfRate('seconds')]).toEqual([
      'bytes per second',
      'per second',
      'per second',
    ]);
  });
});
