import { describe, expect, it } from '@jest/globals';
import { aggregateReadings, least, mean, most, total } from '../../lib/query/readings.js';

/** More arguments than a function call can have. */
const MANY = 200_000;

describe('an aggregation of readings', () => {
  it('has any number of series', () => {
    const readings = Array.from({ length: MANY }, (_, i) => ({ labels: { i: String(i) }, value: i + 1 }));
    const results = [least, most, mean, total].map((aggregate) => aggregateReadings(readings, [], aggregate));
    expect(results.map(([one]) => one?.value)).toEqual([1, MANY, (MANY + 1) / 2, (MANY * (MANY + 1)) / 2]);
  });

  it('is unknown if one of them is', () => {
    expect([least([1, NaN, 2]), most([1, NaN, 2])]).toEqual([NaN, NaN]);
  });
});
