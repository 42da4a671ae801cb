import type { DashboardHistory } from '../dashboard-history.js';
import type { TimeRange } from './time-range.js';

/**
 * Returns the times of the samples of a metric in a range, in milliseconds since the Unix epoch: the last one, and of
 * those before it at equal distances as many as the maximum allows.
 */
export function sampleTimes(
  history: DashboardHistory,
  metric: string,
  { rangeMs, until = history.lastSample ?? 0 }: TimeRange,
  maxPoints: number,
): number[] {
  const times = history.timestamps(metric).filter((time) => time > until - rangeMs && time <= until);
  const step = Math.ceil(times.length / maxPoints);
  return step <= 1 ? times : times.filter((_, i) => (times.length - 1 - i) % step === 0);
}
