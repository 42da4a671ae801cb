import { expectKeys, expectOption, expectUnshown } from '../../options/option-checks.js';
import { flag, group, type OptionTable, readOptions, text } from '../../options/option-table.js';
import { PUSH, type PushExporterOptions, type ResolvedPush } from '../push/push.options.js';
import type { CloudWatchClientLike } from './cloudwatch.destination.js';
import { type CloudWatchPrices, LIST_PRICES } from './cost-preview.js';
import { DISTRIBUTIONS, NAMESPACE, ROLL_UPS } from './metric-data.options.js';

/** Options of a {@link CloudWatchExporter}. */
export interface CloudWatchExporterOptions extends PushExporterOptions {
  /** Namespace of the metrics, such as `EnterpriseLand`; `AWS/…` is reserved. */
  readonly namespace: string;
  /** AWS region. @default that of the AWS SDK: AWS_REGION, or the shared configuration */
  readonly region?: string;
  /**
   * Your own `CloudWatchClient`, which the exporter does not destroy.
   * @default a client with the credentials that the AWS SDK finds
   */
  readonly client?: CloudWatchClientLike;
  /**
   * Encoding of histograms. `values` sends at most 150 values with their numbers of occurrences, from which CloudWatch
   * computes percentiles; `statistics` sends count, sum, minimum and maximum only.
   * @default 'values'
   */
  readonly distributions?: 'values' | 'statistics';
  /** True to store the metrics with a resolution of one second, for intervals below a minute. @default false */
  readonly highResolution?: boolean;
  /**
   * Additional aggregations, as arrays of label names. A metric that has all labels of an array is also sent summed
   * over its other labels, which CloudWatch does not do itself; `[[]]` adds the total of each metric.
   * @default []
   */
  readonly rollUps?: readonly (readonly string[])[];
  /** True to log an estimate of the cost at start-up. @default false */
  readonly costPreview?: boolean;
  /**
   * Prices for the estimate in USD: `customMetrics` is a list of tiers such as `[10_000, 0.3]`, the number of metrics and
   * the price of each a month, the last one for `Infinity`; `thousandCalls` is the price of a thousand calls.
   * @default the list prices of us-east-1
   */
  readonly prices?: CloudWatchPrices;
}

/** The CloudWatch options with every default filled in. */
export type ResolvedCloudWatch = ResolvedPush &
  Omit<CloudWatchExporterOptions, keyof ResolvedPush | 'prices'> &
  Required<
    Pick<CloudWatchExporterOptions, 'distributions' | 'highResolution' | 'rollUps' | 'costPreview'>
  > & {
    readonly prices: Required<CloudWatchPrices>;
  };

export const CLOUDWATCH: OptionTable<CloudWatchExporterOptions, ResolvedCloudWatch> = {
  namespace: NAMESPACE,
  region: text('a region such as eu-central-1'),
  client: group((client: CloudWatchClientLike | undefined, option) => {
    const valid = client === undefined || typeof client?.send === 'function';
    // The type alone, since a client contains credentials.
    expectUnshown(option, client, 'a CloudWatchClient', valid);
    return client;
  }),
  distributions: DISTRIBUTIONS,
  highResolution: flag(false),
  rollUps: ROLL_UPS,
  costPreview: flag(false),
  prices: group(checkedPrices),
  ...PUSH,
};

/**
 * Checks the CloudWatch options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @throws {MonitoringOptionsError}
 */
export function resolveCloudWatch(owner: string, options: CloudWatchExporterOptions): ResolvedCloudWatch {
  return readOptions(owner, options, CLOUDWATCH);
}

function checkedPrices(prices: CloudWatchPrices = {}, owner: string): Required<CloudWatchPrices> {
  expectKeys(owner, prices, ['customMetrics', 'thousandCalls']);
  const { customMetrics, thousandCalls } = { ...LIST_PRICES, ...prices };
  expectOption(
    `${owner}.customMetrics`,
    customMetrics,
    'an array of [number of metrics, USD a month for each], the last one for Infinity',
    Array.isArray(customMetrics) && customMetrics.every(isTier) && customMetrics.at(-1)?.[0] === Infinity,
  );
  expectOption(`${owner}.thousandCalls`, thousandCalls, 'a price in USD', thousandCalls >= 0);
  return { customMetrics, thousandCalls };
}

function isTier(tier: unknown): boolean {
  return Array.isArray(tier) && tier.length === 2 && tier.every((number) => number >= 0);
}
