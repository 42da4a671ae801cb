import { booleanOf, expectKeys, expectOption } from '../../options/option-checks.js';
import {
  PUSH_OPTION_NAMES,
  type PushExporterOptions,
  type ResolvedPush,
  resolvePush,
} from '../push/push.options.js';
import type { CloudWatchClientLike } from './cloudwatch.destination.js';
import { type CloudWatchPrices, LIST_PRICES } from './cost-preview.js';

/** Options of a {@link CloudWatchExporter}. */
export interface CloudWatchExporterOptions extends PushExporterOptions {
  /** What the metrics are filed under, such as `EnterpriseLand`; not `AWS/…`, which is taken. */
  readonly namespace: string;
  /** @default what the AWS SDK finds: AWS_REGION, or the shared configuration */
  readonly region?: string;
  /**
   * A `CloudWatchClient` of your own, which stays yours to destroy.
   * @default one with the credentials that the AWS SDK finds
   */
  readonly client?: CloudWatchClientLike;
  /**
   * `values` tells at most 150 values of a histogram and how often each occurred, which CloudWatch computes
   * percentiles from; `statistics` only count, sum, smallest and largest.
   * @default 'values'
   */
  readonly distributions?: 'values' | 'statistics';
  /** Whether CloudWatch keeps a resolution of a second, for intervals below a minute. @default false */
  readonly highResolution?: boolean;
  /**
   * Lists of label names. Each metric that has all of a list is told summed up over its other labels, too, which
   * CloudWatch does not do itself: `[[]]` is the total of each metric.
   * @default []
   */
  readonly rollUps?: readonly (readonly string[])[];
  /** Says in the log what it costs, when the application has started. @default false */
  readonly costPreview?: boolean;
  /** What the estimate is based on. @default the list prices of us-east-1 */
  readonly prices?: CloudWatchPrices;
}

/** The options with every default filled in. */
export type ResolvedCloudWatch = ResolvedPush &
  Omit<CloudWatchExporterOptions, keyof ResolvedPush | 'prices'> &
  Required<
    Pick<CloudWatchExporterOptions, 'distributions' | 'highResolution' | 'rollUps' | 'costPreview'>
  > & {
    readonly prices: Required<CloudWatchPrices>;
  };

const OPTION_NAMES: readonly (keyof CloudWatchExporterOptions)[] = [
  'namespace',
  'region',
  'client',
  'distributions',
  'highResolution',
  'rollUps',
  'costPreview',
  'prices',
  ...PUSH_OPTION_NAMES,
];
const NAMESPACE = /^(?!AWS\/)(?!:)[A-Za-z0-9._\-/#: ]{1,255}$/;

/**
 * @param owner whose options they are, for the messages
 * @throws {MonitoringOptionsError}
 */
export function resolveCloudWatch(owner: string, options: CloudWatchExporterOptions): ResolvedCloudWatch {
  expectKeys(owner, options, OPTION_NAMES);
  const { namespace, region, client, distributions = 'values', rollUps = [] } = options;
  expectOption(
    `${owner}.namespace`,
    namespace,
    'a name of at most 255 letters, digits, blanks and . - _ / # : that begins with neither AWS/ nor a colon',
    typeof namespace === 'string' && NAMESPACE.test(namespace) && namespace.trim() !== '',
  );
  expectOption(
    `${owner}.region`,
    region,
    'the name of a region, such as eu-central-1',
    region === undefined || (typeof region === 'string' && region !== ''),
  );
  if (client !== undefined) {
    expectOption(
      `${owner}.client`,
      typeof client,
      'a CloudWatchClient',
      typeof client === 'object' && typeof client?.send === 'function',
    );
  }
  const knownDistributions = distributions === 'values' || distributions === 'statistics';
  expectOption(`${owner}.distributions`, distributions, 'values or statistics', knownDistributions);
  expectOption(`${owner}.rollUps`, rollUps, 'a list of lists of label names', isListOfLists(rollUps));
  return {
    ...resolvePush(owner, options),
    namespace,
    ...(region !== undefined && { region }),
    ...(client !== undefined && { client }),
    distributions,
    highResolution: booleanOf(`${owner}.highResolution`, options.highResolution, false),
    rollUps,
    costPreview: booleanOf(`${owner}.costPreview`, options.costPreview, false),
    prices: checkedPrices(`${owner}.prices`, options.prices),
  };
}

function checkedPrices(owner: string, prices: CloudWatchPrices = {}): Required<CloudWatchPrices> {
  expectKeys(owner, prices, ['customMetrics', 'thousandCalls']);
  const { customMetrics, thousandCalls } = { ...LIST_PRICES, ...prices };
  expectOption(
    `${owner}.customMetrics`,
    customMetrics,
    'a list of [how many metrics, USD a month for each], the last one for Infinity',
    Array.isArray(customMetrics) && customMetrics.every(isTier) && customMetrics.at(-1)?.[0] === Infinity,
  );
  expectOption(`${owner}.thousandCalls`, thousandCalls, 'a price in USD', thousandCalls >= 0);
  return { customMetrics, thousandCalls };
}

function isTier(tier: unknown): boolean {
  return Array.isArray(tier) && tier.length === 2 && tier.every((number) => number >= 0);
}

function isListOfLists(value: unknown): boolean {
  return Array.isArray(value) && value.every(isListOfTexts);
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text: unknown) => typeof text === 'string');
}
