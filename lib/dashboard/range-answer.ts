import type { DashboardHistory } from './dashboard-history.js';
import type { ResponseSteps } from './response-cache.js';
import type { TimeRange } from './views/time-range.js';

/** Returns an answer over a range, from the history of all instances, of one, or of this process. */
export type RangeAnswer = (
  query: URLSearchParams,
  key: readonly unknown[],
  range: TimeRange,
  compute: (from: DashboardHistory) => ResponseSteps | Promise<ResponseSteps>,
  maxAgeMs?: number,
) => unknown;
