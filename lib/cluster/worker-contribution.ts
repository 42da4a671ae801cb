import type { MetricFamily } from '../metrics/snapshot.js';

/** A worker as the source of a contribution. */
export interface Worker {
  /** Index of the worker, stable while it is connected and free for another worker afterwards. */
  readonly index: number;
  /** Id of its process; threads of a process share it. */
  readonly pid: number;
}

/** The worker of the totals of all departed workers. */
export const DEPARTED_WORKER: Worker = { index: -1, pid: NaN };

/** The metrics of one worker, to be merged with those of the others. */
export interface Contribution {
  readonly worker: Worker;
  readonly families: readonly MetricFamily[];
  /** True if the worker reported recently; otherwise only its counters and histograms are merged. */
  readonly isCurrent: boolean;
}
