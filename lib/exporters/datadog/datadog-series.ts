import type { WeightedValues } from '../push/bucket-midpoints.js';

/** One series of a counter or a gauge: the `MetricSeries` of the Datadog API. */
export interface DatadogSeries {
  readonly metric: string;
  readonly type: typeof COUNT | typeof GAUGE;
  /** Period of a count, in seconds. */
  readonly interval?: number;
  readonly unit?: string;
  readonly points: readonly [{ readonly timestamp: number; readonly value: number }];
  readonly tags: readonly string[];
  readonly resources: readonly [{ readonly type: 'host'; readonly name: string }];
}

/** Values of one series of a histogram, each distinct value with its number of occurrences. */
export interface DatadogDistribution {
  readonly metric: string;
  readonly timestamp: number;
  readonly values: WeightedValues;
  readonly tags: readonly string[];
  readonly host: string;
}

/** The content of one request; the kind decides its endpoint. */
export type DatadogPayload =
  | { readonly kind: 'series'; readonly series: readonly DatadogSeries[] }
  | { readonly kind: 'distributions'; readonly series: readonly DatadogDistribution[] };

/** The settings for encoding an interval. */
export interface DatadogPayloadOptions {
  readonly host: string;
  /** Tags added to every series; the labels of a series win where the names are equal. */
  readonly tags: Readonly<Record<string, string>>;
  readonly histograms: 'distributions' | 'counts';
}

export const COUNT = 1;
export const GAUGE = 3;

/**
 * Size limit of one request, in bytes. It is the limit of Datadog for uncompressed series; distributions may be six
 * times as large, but expanding that much would block the event loop.
 */
export const MAX_BYTES = 512_000;
/** Maximum size of a number and a comma in a request, in bytes. */
export const BYTES_PER_VALUE = 25;
/** Maximum number of values of one distribution. */
export const MAX_VALUES = Math.floor((MAX_BYTES / BYTES_PER_VALUE) * 0.95);
