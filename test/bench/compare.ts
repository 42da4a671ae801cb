import type { Row } from './cases/case.js';
import { OURS } from './goal.js';

/** The factors by which the figures of a row have changed since an earlier run. */
export interface Change {
  readonly title: string;
  readonly ours: number;
  /** That of prom-client, which has not changed itself: it shows the difference of the machines. */
  readonly peer: number | undefined;
}

/** Compares the rows that two runs have in common. */
export function changesSince(earlier: readonly Row[], later: readonly Row[]): Change[] {
  const before = new Map(earlier.map((row) => [row.title, row.results]));
  return later.flatMap(({ title, results }) => {
    const then = before.get(title);
    const ours = factor(then, results, OURS);
    return ours === undefined ? [] : [{ title, ours, peer: factor(then, results, 'prom-client') }];
  });
}

function factor(then: Row['results'] | undefined, now: Row['results'], name: string): number | undefined {
  const earlier = then?.[name]?.median;
  const later = now[name]?.median;
  return earlier === undefined || later === undefined ? undefined : later / earlier;
}
