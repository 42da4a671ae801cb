import type { Exemplar } from '../../metrics/snapshot.js';

/** Values of the enumeration `AggregationTemporality` of the SDK. */
export const SDK_TEMPORALITY = { delta: 0, cumulative: 1 } as const;
/** Values of the enumeration `DataPointType` of the SDK. */
export const SDK_POINT_TYPE = { explicit: 0, exponential: 1, gauge: 2, sum: 3 } as const;
/** The value of the enumeration `ValueType` of the SDK for numbers that need not be integers. */
export const DOUBLE_VALUES = 1;
/** Values of `AggregationTemporality` of OTLP by that of the SDK. */
export const OTLP_TEMPORALITY = { [SDK_TEMPORALITY.delta]: 1, [SDK_TEMPORALITY.cumulative]: 2 } as const;

/** One metric: the `MetricData` of the OpenTelemetry SDK. */
export interface OtlpMetric extends OtlpMetricHead {
  readonly dataPoints: OtlpPoint[];
}

/** Everything of a metric but its data points. */
export interface OtlpMetricHead {
  readonly descriptor: {
    readonly name: string;
    readonly description: string;
    readonly unit: string;
    readonly valueType: typeof DOUBLE_VALUES;
  };
  readonly aggregationTemporality: (typeof SDK_TEMPORALITY)[keyof typeof SDK_TEMPORALITY];
  readonly dataPointType: (typeof SDK_POINT_TYPE)[keyof typeof SDK_POINT_TYPE];
  readonly isMonotonic?: boolean;
}

/** One data point: the `DataPoint` of the SDK. */
export interface OtlpPoint {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
  readonly attributes: Record<string, string | number>;
  readonly value: number | OtlpHistogram;
  /** Exemplars recorded since the previous interval. The SDK has no such field, and its exporters ignore this one. */
  readonly exemplars?: readonly Exemplar[];
}

/** A time as seconds since the Unix epoch and nanoseconds within the next second. */
export type HrTime = [seconds: number, nanoseconds: number];

/** The value of a point of a histogram: the `Histogram` or the `ExponentialHistogram` of the SDK. */
export interface OtlpHistogram {
  readonly count: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  /** Buckets of an explicit histogram. */
  readonly buckets?: { readonly boundaries: number[]; readonly counts: number[] };
  /** Scale of an exponential histogram, which also has the fields below. */
  readonly scale?: number;
  readonly zeroCount?: number;
  readonly positive?: { readonly offset: number; readonly bucketCounts: number[] };
  readonly negative?: { readonly offset: number; readonly bucketCounts: number[] };
}
