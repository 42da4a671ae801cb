import type { MetricFamily } from '../metrics/snapshot.js';
import { aggregationOf } from '../metrics/merge/series-aggregation.js';
import { type Contribution, DEPARTED_WORKER } from './worker-contribution.js';
import { endedSeries, seriesKeys, withoutSeries } from './ended-series.js';
import { MetricsMerger } from './metrics-merger.js';

/**
 * The totals of departed workers and of series that ended in one worker while another still has them. Without them, the
 * sum over all workers would decrease.
 */
export class DepartedTotals {
  /** The totals, as metrics of a worker of their own. */
  families: readonly MetricFamily[] = [];
  /** Series that ended in a worker since the last {@link settle}. */
  private ended: Contribution[] = [];

  /**
   * Adds the totals of a worker that has departed.
   *
   * @param runningPids processes that still contribute metrics that their threads share
   */
  add(departed: Contribution, runningPids: ReadonlySet<number>): void {
    this.families = withDeparted(this.families, departed, runningPids);
  }

  /**
   * Notes the series that ended in a worker since its last report.
   *
   * @param before metrics in the last report of the worker
   */
  noteEnded(before: readonly MetricFamily[], { worker, families }: Contribution): void {
    const ended = endedSeries(before, families);
    if (ended.length > 0) this.ended.push({ worker, families: ended, isCurrent: false });
  }

  /**
   * Adds the noted series that any worker still has, and drops the others. Only a report of every worker shows which
   * worker has a series, so this comes after all reports.
   *
   * @param live metrics of all workers
   */
  settle(live: readonly (readonly MetricFamily[])[], runningPids: ReadonlySet<number>): void {
    if (this.ended.length === 0) return;
    const liveKeys = live.map(seriesKeys);
    const isLive = (name: string, key: string): boolean =>
      liveKeys.some((keys) => keys.get(name)?.has(key) === true);
    for (const { worker, families } of this.ended.splice(0)) {
      const endedKeys = seriesKeys(families);
      const isGone = (name: string, key: string): boolean =>
        endedKeys.get(name)?.has(key) === true && !isLive(name, key);
      this.families = withoutSeries(this.families, isGone);
      this.add({ worker, families: withoutSeries(families, isGone), isCurrent: false }, runningPids);
    }
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
    const aggregate = aggregationOf(family);
    if (family.type === 'gauge' || aggregate === 'shared') return false;
    return aggregate !== 'process' || !runningPids.has(departed.worker.pid);
  });
  const worker = DEPARTED_WORKER;
  return new MetricsMerger().merge([
    // First, because the first definition of a metric wins and this one is the newest.
    { worker, families: own, isCurrent: true },
    { worker, families: totals, isCurrent: true },
  ]).families;
}
