import type { MetricFamily } from '../metrics/snapshot.js';
import { ruleOf } from './aggregation-rules.js';
import type { Contribution } from './contribution.js';
import { MergedFamily, type Piece } from './merged-family.js';

/** The metrics of several workers as one. */
export interface MergedMetrics {
  readonly families: readonly MetricFamily[];
  /** Metrics that a worker has otherwise than the first one that has them, whose numbers are left out. */
  readonly conflicting: readonly string[];
}

/**
 * Merges the metrics of several workers by type: counters and histograms are added up, gauges as their rule says. Who
 * has the same workers merged again should use the same merger, which then has least to do.
 */
export class MetricsMerger {
  private merged = new Map<string, MergedFamily>();

  constructor(private readonly defaultLabels: Readonly<Record<string, string>> = {}) {}

  /** @param contributions of which the first ones decide how metrics are defined */
  merge(contributions: readonly Contribution[]): MergedMetrics {
    const kept = new Map<string, MergedFamily>();
    const pieces = new Map<string, Piece[]>();
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
        else if (!isShared(family, worker.pid, others)) others.push({ worker, family });
      }
    }
    this.merged = kept;
    const families = [...kept].map(([name, family]) => family.merge(pieces.get(name) ?? []));
    return { families, conflicting: [...conflicting] };
  }

  private mergedFor(family: MetricFamily): MergedFamily {
    const before = this.merged.get(family.name);
    return before?.accepts(family) ? before : new MergedFamily(family, ruleOf(family), this.defaultLabels);
  }
}

/** Whether the process of the worker has contributed the metric already, which is the same in all its threads. */
function isShared(family: MetricFamily, pid: number, others: readonly Piece[]): boolean {
  return ruleOf(family).sharedBy === 'process' && others.some(({ worker }) => worker.pid === pid);
}

/**
 * Adds what a worker that is gone has counted to what those before it have, for it to be shown as long as there are
 * workers: without it, totals would fall.
 *
 * @param alive the processes that still contribute what is shared by their threads
 */
export function withCountsOf(
  estate: readonly MetricFamily[],
  gone: Contribution,
  alive: ReadonlySet<number>,
): readonly MetricFamily[] {
  const own = gone.families.filter((family) => {
    const { sharedBy } = ruleOf(family);
    if (family.type === 'gauge' || sharedBy === 'machine') return false;
    return sharedBy !== 'process' || !alive.has(gone.worker.pid);
  });
  const worker = { index: -1, pid: NaN };
  return new MetricsMerger().merge([
    // The newest definition holds.
    { worker, families: own, isCurrent: true },
    { worker, families: estate, isCurrent: true },
  ]).families;
}
