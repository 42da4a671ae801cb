import type { MetricFamily } from '../metrics/snapshot.js';
import type { Contribution, Worker } from './worker-contribution.js';
import { aggregationOf, type Piece, SeriesAggregation } from '../metrics/merge/series-aggregation.js';

type WorkerPiece = Piece<MetricFamily, Worker>;

/** The result of a merge. */
export interface MergedMetrics {
  readonly families: readonly MetricFamily[];
  /** Names of metrics that workers define differently; only values under the first definition are merged. */
  readonly conflicting: readonly string[];
}

/**
 * A merger of the metrics of several workers. It groups them by name, and {@link SeriesAggregation} merges each: it adds
 * up histograms, and aggregates counters and gauges by the `aggregate` of their definition. The series of the last merge
 * are kept, so that merging the same workers again is cheap.
 */
export class MetricsMerger {
  private merged = new Map<string, SeriesAggregation>();

  constructor(private readonly defaultLabels: Readonly<Record<string, string>> = {}) {}

  /** @param contributions metrics of each worker; the first definition of a metric wins */
  merge(contributions: readonly Contribution[]): MergedMetrics {
    const kept = new Map<string, SeriesAggregation>();
    const pieces = new Map<string, WorkerPiece[]>();
    const conflicting = new Set<string>();
    for (const { worker, families, isCurrent } of contributions) {
      for (const family of families) {
        if (family.type === 'gauge' && !isCurrent) continue;
        const { name } = family;
        const others = pieces.get(name);
        if (others === undefined) {
          kept.set(name, this.mergedFor(family));
          pieces.set(name, [{ worker, family }]);
        } else if (!kept.get(name)?.accepts(family)) conflicting.add(name);
        else if (!isDuplicate(family, worker.pid, others)) others.push({ worker, family });
      }
    }
    this.merged = kept;
    const families = [...kept].map(([name, family]) => family.merge(pieces.get(name) ?? []));
    return { families, conflicting: [...conflicting] };
  }

  private mergedFor(family: MetricFamily): SeriesAggregation {
    const before = this.merged.get(family.name);
    return before?.accepts(family)
      ? before
      : new SeriesAggregation(family, aggregationOf(family), this.defaultLabels);
  }
}

/** Returns true if another thread of the same process has contributed the metric, which all its threads share. */
function isDuplicate(family: MetricFamily, pid: number, others: readonly WorkerPiece[]): boolean {
  return aggregationOf(family) === 'process' && others.some(({ worker }) => worker.pid === pid);
}
