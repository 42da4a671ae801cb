import { describe, expect, it } from '@jest/globals';
import {
  areOver,
  byShareOfFailures,
  failingSteps,
  leastShareOf,
  severityOf,
} from '../../../lib/dashboard/now/failure-share.js';

function route(name: string, failures: number, requests = 1_000) {
  return { method: 'GET', route: name, requests, failures };
}

describe('the severity of failures', () => {
  it.each([
    [0.0199, undefined],
    [0.02, 'warning'],
    [0.0999, 'warning'],
    [0.1, 'critical'],
    [1, 'critical'],
  ])('of the share %d is %s', (share, severity) => {
    expect(severityOf({ ...route('/a', 0), share }, [])).toBe(severity);
  });

  it('is that of the last minutes if it is higher, and of no other route', () => {
    const recent = [route('/a', 150), { ...route('/b', 999), method: 'POST' }, route('/b', 1)];
    expect(severityOf({ method: 'GET', route: '/a', share: 0.03 }, recent)).toBe('critical');
    expect(severityOf({ method: 'GET', route: '/b', share: 0.03 }, recent)).toBe('warning');
  });
});

describe('the end of failures', () => {
  it('is known once so many requests came after them that three should have failed, too', () => {
    const isOver = (share: number, requests: number) => areOver(share, { requests, failures: 0 });
    expect([2, 3].map((requests) => isOver(1, requests))).toEqual([false, true]);
    expect([29, 30].map((requests) => isOver(0.1, requests))).toEqual([false, true]);
    expect([isOver(NaN, 100), isOver(1, 0)]).toEqual([false, false]);
  });

  it('is none while so many fail that it is worth a word, though it is a smaller share', () => {
    const after = [19, 20].map((failures) => areOver(1, { requests: 1_000, failures }));
    expect(after).toEqual([true, false]);
  });
});

describe('the order of routes', () => {
  it('has those first that fail by a share that is worth a word, and is otherwise left alone', () => {
    const routes = [
      route('/little', 300, 100_000),
      route('/much', 20),
      route('/none', 0),
      route('/more', 900),
    ];
    expect(routes.toSorted(byShareOfFailures).map(({ route: name }) => name)).toEqual([
      '/much',
      '/more',
      '/little',
      '/none',
    ]);
  });
});

describe('the steps in which a route fails', () => {
  it.each([
    [
      'all with a failure, if it fails by a small share',
      [1, 0, 3],
      [100, 100, 100],
      0.01,
      [true, false, true],
    ],
    [
      'not those with few of many',
      [1, 1, 90, 80, 1],
      [100, 100, 100, 100, 100],
      0.9,
      [false, false, true, true, false],
    ],
    [
      'not those with few of many that another share follows',
      [2, 0, 0, 5],
      [5, 50, 50, 5],
      1,
      [false, false, false, true],
    ],
    [
      'the last ones, too, however many requests succeed after them',
      [0, 5, 5, 0, 0],
      [9, 5, 5, 900, 900],
      0.04,
      [false, true, true, false, false],
    ],
    [
      'those with failures among requests that nobody knows',
      [NaN, 2, NaN],
      [NaN, NaN, 5],
      1,
      [false, true, false],
    ],
    ['none without requests', [0, 0], [0, 0], 0, [false, false]],
  ])('are %s', (_, failed, total, recentShare, expected) => {
    const least = leastShareOf(route('/a', 1_000 * recentShare));
    expect(failingSteps(failed, total, least, 3)).toEqual(expected);
  });

  it('have at least a hundredth of the requests failing where it is worth a word, and else any', () => {
    expect(leastShareOf(route('/a', 19))).toBe(0);
    expect(leastShareOf(route('/a', 20))).toBe(0.01);
    expect(leastShareOf(route('/a', 400))).toBe(0.1);
  });
});
