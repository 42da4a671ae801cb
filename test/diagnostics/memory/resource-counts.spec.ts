import { describe, expect, it } from '@jest/globals';
import { ResourceCounts } from '../../../lib/diagnostics/memory/resource-counts.js';

const WINDOWS = 20;

/** The counts after some windows, by what there is of each kind in each of them. */
function after(windows: number, kinds: Readonly<Record<string, (window: number) => number>>): ResourceCounts {
  const counts = new ResourceCounts();
  for (let window = 0; window < windows; window++) {
    counts.add(new Map(Object.entries(kinds).map(([kind, count]) => [kind, count(window)])));
  }
  return counts;
}

describe('the numbers of resources', () => {
  it('are shown where they grow evenly, the most first', () => {
    const counts = after(WINDOWS, {
      Timeout: (window) => 5 + 2 * window,
      TCPSocketWrap: (window) => 10 + 10 * window,
      FSReqCallback: () => 4,
    });
    expect(counts.growing()).toEqual([
      { kind: 'TCPSocketWrap', from: 10, to: 200 },
      { kind: 'Timeout', from: 5, to: 43 },
    ]);
  });

  it.each<[string, (window: number) => number]>([
    ['grow by little', (window) => window],
    ['grow by a small share', (window) => 10_000 + 30 * window],
    ['rise once', (window) => (window === WINDOWS - 1 ? 500 : 3)],
    ['go up and down', (window) => (window % 2 === 0 ? 0 : 400)],
    ['fall', (window) => 1_000 - 50 * window],
  ])('are not shown where they %s', (_, count) => {
    expect(after(WINDOWS, { Timeout: count }).growing()).toEqual([]);
  });

  it('are of the last windows', () => {
    const counts = after(100, { Timeout: (window) => Math.min(window, 40) * 10 });
    expect(counts.growing()).toEqual([]);
  });

  it('are kept of a limited number of kinds, and no longer of one that has gone', () => {
    const many = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`Kind${i}`, (w: number) => 30 * w + 1]),
    );
    const counts = after(WINDOWS, many);
    expect(counts.growing()).toHaveLength(50);
    // The others have gone by then, and leave their places.
    for (let window = 0; window < WINDOWS; window++) counts.add(new Map([['Another', 1]]));
    for (let window = 0; window < WINDOWS; window++) counts.add(new Map([['Another', 30 * window + 1]]));
    expect(counts.growing()).toEqual([{ kind: 'Another', from: 1, to: 571 }]);
  });
});
