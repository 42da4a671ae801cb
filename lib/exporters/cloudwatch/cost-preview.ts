import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { IntervalCursor } from '../push/interval-cursor.js';
import { type MetricDataOptions, metricDataRequests, type MetricDatum } from './metric-data.js';

/**
 * An estimate of what telling CloudWatch of the metrics as they are would cost, by {@link CloudWatchPrices} and
 * without the free tier.
 */
export interface CloudWatchCost {
  /** How many custom metrics there would be: one for each set of dimensions of each metric. */
  readonly customMetrics: number;
  /** The metrics, the dearest first. */
  readonly byMetric: readonly { readonly name: string; readonly customMetrics: number }[];
  readonly callsPerMonth: number;
  readonly usdPerMonth: number;
}

/** What CloudWatch charges in US dollars; it is not the same in every region. */
export interface CloudWatchPrices {
  /**
   * So many custom metrics cost so much each a month, and then the next ones so much: the last row is without end.
   * @default 10,000 at 0.30, 240,000 at 0.10, 750,000 at 0.05, and 0.02 beyond
   */
  readonly customMetrics?: readonly (readonly [metrics: number, usd: number])[];
  /** For a thousand calls of PutMetricData. @default 0.01 */
  readonly thousandCalls?: number;
}

/** @see https://aws.amazon.com/cloudwatch/pricing/ for US East (N. Virginia) in 2025 */
export const LIST_PRICES: Required<CloudWatchPrices> = {
  customMetrics: [
    [10_000, 0.3],
    [240_000, 0.1],
    [750_000, 0.05],
    [Infinity, 0.02],
  ],
  thousandCalls: 0.01,
};
/** 730 hours, as Amazon counts. */
const MONTH_MS = 730 * 60 * 60 * 1_000;

/** What it costs to tell of everything that has happened so far in every interval. */
export function costOf(
  snapshot: MetricsSnapshot,
  options: MetricDataOptions & { readonly intervalMs: number; readonly prices: Required<CloudWatchPrices> },
): CloudWatchCost {
  const requests = metricDataRequests(new IntervalCursor().intervalUpTo(snapshot), options);
  const data = requests.flatMap(({ payload }) => (payload ?? []) as readonly MetricDatum[]);
  const byName = new Map<string, number>();
  for (const { MetricName } of data) byName.set(MetricName, (byName.get(MetricName) ?? 0) + 1);
  const callsPerMonth = Math.ceil((MONTH_MS / options.intervalMs) * requests.length);
  const { prices } = options;
  const usd = priceOf(data.length, prices.customMetrics) + (callsPerMonth / 1_000) * prices.thousandCalls;
  return {
    customMetrics: data.length,
    byMetric: [...byName]
      .map(([name, customMetrics]) => ({ name, customMetrics }))
      .toSorted((a, b) => b.customMetrics - a.customMetrics),
    callsPerMonth,
    usdPerMonth: Math.round(usd * 100) / 100,
  };
}

/** The cost as a line for people. */
export function costText({ customMetrics, byMetric, callsPerMonth, usdPerMonth }: CloudWatchCost): string {
  const dearest = byMetric.slice(0, 3).map((metric) => `${metric.name} ${metric.customMetrics}`);
  return `CloudWatch: ${customMetrics} custom metrics so far (${dearest.join(', ')}) and ${callsPerMonth} calls a month are an estimated ${usdPerMonth} USD a month, for each process that has other labels.`;
}

function priceOf(customMetrics: number, tiers: Required<CloudWatchPrices>['customMetrics']): number {
  let left = customMetrics;
  let usd = 0;
  for (const [metrics, price] of tiers) {
    usd += Math.min(left, metrics) * price;
    left = Math.max(0, left - metrics);
  }
  return usd;
}
