import { describe, expect, it } from '@jest/globals';
import { routeOutliers } from '../../../lib/dashboard/fleet/route-outliers.js';
import { conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import { ConventionalNames } from '../../../lib/query/conventional-names.js';

const scope = {
  names: new ConventionalNames(conventionOfAll('prometheus')),
  instanceLabel: 'pod',
  matchers: [],
};
const of = (pod: string, route: string, value: number) => ({
  labels: { pod, method: 'GET', route },
  times: [0],
  values: [value],
});

describe('routes that are slow on one instance', () => {
  it('begin with the one that is farthest from the median', () => {
    const p99s = [of('a', '/deals', 0.8), of('b', '/deals', 2.4), of('b', '/users', 3)];
    const ratios = [of('a', '/deals', 4), of('b', '/deals', 12)];
    const found = routeOutliers(p99s, ratios, scope);
    expect(found).toEqual([
      {
        instance: 'b',
        method: 'GET',
        route: '/deals',
        p99Seconds: 2.4,
        text: expect.stringContaining('12×'),
      },
      { instance: 'a', method: 'GET', route: '/deals', p99Seconds: 0.8, text: expect.stringContaining('4×') },
    ]);
  });

  it('are not those without a median, or whose p99 came from another answer', () => {
    const p99s = [of('a', '/deals', 0.8)];
    expect(routeOutliers(p99s, [of('a', '/deals', NaN), of('a', '/deals', Infinity)], scope)).toEqual([]);
    expect(routeOutliers(p99s, [of('a', '/users', 9)], scope)).toEqual([]);
  });
});
