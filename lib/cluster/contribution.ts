import type { MetricFamily } from '../metrics/snapshot.js';

/** Which worker it is. */
export interface Worker {
  /** Its number, which it keeps, and which is free again for another one when it is gone. */
  readonly index: number;
  /** The process that it is, or is a thread of. */
  readonly pid: number;
}

/** What one worker adds to the metrics of all. */
export interface Contribution {
  readonly worker: Worker;
  readonly families: readonly MetricFamily[];
  /** Whether it said so lately; of one that has been silent for long or is gone, only what was counted is shown. */
  readonly isCurrent: boolean;
}
