import type { GrowingCount } from './memory-report.js';
import { trendOf } from './trend.js';

/** Upper limit for kinds of resources. */
const MAX_KINDS = 50;
/** Number of counts that are kept of each kind. */
const MAX_COUNTS = 20;
/** Growth from which on a count is shown, and its evenness after Mann and Kendall. */
const MIN_GROWTH = 20;
const MIN_SHARE = 0.2;
const MIN_Z = 3;

/** The numbers of resources by kind in the last windows. */
export class ResourceCounts {
  private readonly counts = new Map<string, number[]>();

  add(current: ReadonlyMap<string, number>): void {
    for (const kind of current.keys()) {
      if (!this.counts.has(kind) && this.counts.size < MAX_KINDS) this.counts.set(kind, []);
    }
    for (const [kind, values] of this.counts) {
      values.push(current.get(kind) ?? 0);
      if (values.length > MAX_COUNTS) values.shift();
      if (values.every((value) => value === 0)) this.counts.delete(kind);
    }
  }

  /** Returns the kinds that have grown evenly, the most first. */
  growing(): GrowingCount[] {
    return [...this.counts]
      .filter(([, values]) => hasGrown(values))
      .map(([kind, values]) => ({ kind, from: values[0] ?? 0, to: values.at(-1) ?? 0 }))
      .toSorted((a, b) => b.to - b.from - (a.to - a.from));
  }
}

function hasGrown(values: readonly number[]): boolean {
  const [first = 0, last = 0] = [values[0], values.at(-1)];
  if (last - first < Math.max(MIN_GROWTH, first * MIN_SHARE)) return false;
  return trendOf(values.map((value, at) => ({ at, value }))).z >= MIN_Z;
}
