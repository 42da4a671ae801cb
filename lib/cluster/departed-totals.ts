import type { MetricFamily } from '../metrics/snapshot.js';
import { ruleOf } from './aggregation-rules.js';
import { type Contribution, DEPARTED_WORKER } from './contribution.js';
import { endedSeries, seriesKeys, withoutSeries } from './ended-series.js';
import { MetricsMerger } from './metrics-merger.js';

/**
 * The totals of departed workers and of series that ended in one worker while another still has them. Without them, the
 * sum over all workers would decrease.
 */
export class DepartedTotals {
  /** The totals, as metrics of a worker of their own. */
  families: readonly MetricFamily[] = [];

  /**
   * Adds the totals of a worker that has departed.
   *
   * @param runningPids processes that still contribute metrics that their threads share
   */
  add(departed: Contribution, runningPids: ReadonlySet<number>): void {
    this.families = withDeparted(this.families, departed, runningPids);
  }

  /**
   * Adds the series that ended in a worker since its last report, as long as any worker still has them. A series that no
   * worker has is dropped.
   *
   * @param before metrics in the last report of the worker
   * @param live metrics of all workers
   */
  addEnded(
    before: readonly MetricFamily[],
    { worker, families }: Contribution,
    live: readonly (readonly MetricFamily[])[],
    runningPids: ReadonlySet<number>,
  ): void {
    const ended = endedSeries(before, families);
    if (ended.length === 0) return;
    const liveKeys = live.map(seriesKeys);
    const endedKeys = seriesKeys(ended);
    const isLive = (name: string, key: string): boolean =>
      liveKeys.some((keys) => keys.get(name)?.has(key) === true);
    const isGone = (name: string, key: string): boolean =>
      endedKeys.get(name)?.has(key) === true && !isLive(name, key);
    this.families = withoutSeries(this.families, isGone);
    this.add({ worker, families: withoutSeries(ended, isGone), isCurrent: false }, runningPids);
  }
}

/**
 * Returns the totals of departed workers with those of another one added.
 *
 * @param runningPids processes that still contribute metrics that their threads share
 */
export function withDeparted(
  totals: readonly MetricFamily[],
  departed: Contribution,
  runningPids: ReadonlySet<number>,
): readonly MetricFamily[] {
  const own = departed.families.filter((family) => {
    const { sharedBy } = ruleOf(family);
    if (family.type === 'gauge' || sharedBy === 'machine') return false;
    return sharedBy !== 'process' || !runningPids.has(departed.worker.pid);
  });
  const worker = DEPARTED_WORKER;
  return new MetricsMerger().merge([
    // First, because the first definition of a metric wins and this one is the newest.
    { worker, families: own, isCurrent: true },
    { worker, families: totals, isCurrent: true },
  ]).families;
}
