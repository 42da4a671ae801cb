import { LOOKBACK_MS } from './family-history.js';

/** What somebody needs to be remembered. */
export interface HistoryWish {
  readonly metric: string;
  /** How far back, in milliseconds. @default history.durationMs */
  readonly windowMs?: number;
  /** Whether percentiles of at most 1 % error are wanted, which cost more. @default false */
  readonly percentiles?: boolean;
  /** Whether it gives way to all other wishes where memory is short, as charts do to rules. @default false */
  readonly bestEffort?: boolean;
}

/** How much of a metric is remembered. */
export interface Extent {
  readonly windowMs: number;
  readonly percentiles: boolean;
}

/** What is wanted of a metric by all who want it together. */
export interface Wanted {
  /** What must not give way; undefined if all of it may. */
  readonly required: Extent | undefined;
  readonly all: Extent;
}

/** The wishes of all who need something to be remembered. */
export class HistoryWishes {
  private readonly wishes = new Set<HistoryWish>();

  /** @param durationMs how far back a wish goes that does not say so */
  constructor(private readonly durationMs: number) {}

  /** @returns how to take it back */
  add(wish: HistoryWish): () => void {
    const own = { ...wish };
    this.wishes.add(own);
    return () => {
      this.wishes.delete(own);
    };
  }

  get isEmpty(): boolean {
    return this.wishes.size === 0;
  }

  get withPercentiles(): Set<string> {
    return new Set([...this.wishes].filter(({ percentiles }) => percentiles).map(({ metric }) => metric));
  }

  /** By metric, those first that must not give way. */
  byMetric(): Map<string, Wanted> {
    const wanted = new Map<string, Wanted>();
    for (const wish of this.wishes) {
      const { metric, windowMs = this.durationMs, percentiles = false, bestEffort = false } = wish;
      const extent = { windowMs: Math.max(windowMs, LOOKBACK_MS), percentiles };
      const others = wanted.get(metric);
      wanted.set(metric, {
        required: bestEffort ? others?.required : larger(extent, others?.required),
        all: larger(extent, others?.all),
      });
    }
    return new Map(
      [...wanted].toSorted(
        ([, a], [, b]) => Number(a.required === undefined) - Number(b.required === undefined),
      ),
    );
  }
}

function larger(extent: Extent, other: Extent = extent): Extent {
  return {
    windowMs: Math.max(extent.windowMs, other.windowMs),
    percentiles: extent.percentiles || other.percentiles,
  };
}
