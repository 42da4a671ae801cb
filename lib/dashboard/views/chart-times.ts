import type { DashboardHistory } from '../dashboard-history.js';
import type { TimeRange } from './time-range.js';

/**
 * Returns the times of the points of a chart, in milliseconds since the Unix epoch: those of the samples of a metric in a
 * range. Of more than the maximum, the last one and others at equal distances before it are returned.
 */
export function chartTimes(
  history: DashboardHistory,
  metric: string,
  { rangeMs, until = history.lastSample ?? 0 }: TimeRange,
  maxPoints: number,
): number[] {
  const times = history.timestamps(metric).filter((time) => time > until - rangeMs && time <= until);
  const step = Math.ceil(times.length / maxPoints);
  return step <= 1 ? times : times.filter((_, i) => (times.length - 1 - i) % step === 0);
}
