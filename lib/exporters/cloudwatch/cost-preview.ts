import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import { IntervalReader } from '../push/interval-reader.js';
import { type MetricDataOptions, metricDataRequests, type MetricDatum } from './metric-data.js';

/**
 * An estimate of the cost of the current metrics in CloudWatch, by {@link CloudWatchPrices} and without the free tier.
 */
export interface CloudWatchCost {
  /** Number of custom metrics: one for each set of dimensions of each metric. */
  readonly customMetrics: number;
  /** Number of custom metrics by metric, the most expensive first. */
  readonly byMetric: readonly { readonly name: string; readonly customMetrics: number }[];
  /** Number of PutMetricData calls a month. */
  readonly callsPerMonth: number;
  /** Cost in US dollars a month. */
  readonly usdPerMonth: number;
}

/** The prices of CloudWatch in US dollars, which differ by region. */
export interface CloudWatchPrices {
  /**
   * Price tiers of custom metrics: the number of metrics in the tier and the price of each a month. The last tier is
   * for Infinity.
   * @default 10,000 at 0.30, 240,000 at 0.10, 750,000 at 0.05, and 0.02 beyond
   */
  readonly customMetrics?: readonly (readonly [metrics: number, usd: number])[];
  /** Price of a thousand PutMetricData calls. @default 0.01 */
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
/** A month of 730 hours, as Amazon counts. */
const MONTH_MS = 730 * 60 * 60 * 1_000;

/** Estimates the cost of sending all metrics of the snapshot in every interval. */
export function costOf(
  snapshot: MetricsSnapshot,
  options: MetricDataOptions & { readonly intervalMs: number; readonly prices: Required<CloudWatchPrices> },
): CloudWatchCost {
  const requests = metricDataRequests(new IntervalReader().intervalUpTo(snapshot), options);
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

/** Returns the estimate as a log line. */
export function costText({ customMetrics, byMetric, callsPerMonth, usdPerMonth }: CloudWatchCost): string {
  const largest = byMetric.slice(0, 3).map((metric) => `${metric.name} ${metric.customMetrics}`);
  return `CloudWatch: ${customMetrics} custom metrics so far (${largest.join(', ')}) and ${callsPerMonth} calls a month cost an estimated ${usdPerMonth} USD a month, for each process with labels of its own.`;
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
