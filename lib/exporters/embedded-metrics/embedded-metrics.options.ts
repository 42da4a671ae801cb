import { runsOnLambda } from '../../primitives/runs-on-lambda.js';
import { expectUnshown, intervalMsOf } from '../../options/option-checks.js';
import { count, flag, group, type OptionTable, readOptions } from '../../options/option-table.js';
import { DISTRIBUTIONS, NAMESPACE, ROLL_UPS } from '../cloudwatch/metric-data.options.js';
import type { MetricFilter } from '../push/metric-filter.js';
import { PUSH, type PushQueueOptions, type ResolvedPush } from '../push/push.options.js';
import type { EmbeddedMetricsStream } from './line-writer.js';

/** Options of an {@link EmbeddedMetricsExporter}. */
export interface EmbeddedMetricsExporterOptions extends PushQueueOptions {
  /** Namespace of the metrics in CloudWatch, such as `EnterpriseLand`; `AWS/…` is reserved. */
  readonly namespace: string;
  /**
   * Interval between two exports, in milliseconds, aligned to the wall clock; false to export at a flush and at the
   * end only, as where the process is suspended between two requests.
   * @default 60000; false on AWS Lambda
   */
  readonly intervalMs?: number | false;
  /**
   * Names of the metrics that are written, or regular expressions that match a part of a name.
   * @default all metrics; on AWS Lambda all but `process_*`, `nodejs_*` and `monitoring_*`
   */
  readonly metrics?: MetricFilter;
  /** Stream that receives one JSON document a line. @default process.stdout */
  readonly stream?: EmbeddedMetricsStream;
  /**
   * Encoding of histograms. `values` writes each value, or at most 100 values with their numbers of occurrences if there
   * are more, from which CloudWatch computes percentiles; `statistics` writes count, sum, minimum and maximum only.
   * @default 'values'
   */
  readonly distributions?: 'values' | 'statistics';
  /** True to store the metrics with a resolution of one second, for intervals below a minute. @default false */
  readonly highResolution?: boolean;
  /**
   * Additional aggregations, as arrays of label names. A metric that has all labels of an array is also stored summed
   * over its other labels, which CloudWatch does not do itself; `[[]]` adds the total of each metric.
   * @default []
   */
  readonly rollUps?: readonly (readonly string[])[];
  /**
   * Maximum length of a line, in bytes. A log driver that splits shorter lines, such as one with a limit of 16 kB, needs
   * a lower one.
   * @default 256000
   */
  readonly maxLineBytes?: number;
}

/** The options with every default filled in. */
export type ResolvedEmbeddedMetrics = Omit<ResolvedPush, 'intervalMs'> &
  Required<Omit<EmbeddedMetricsExporterOptions, keyof ResolvedPush | 'stream'>> &
  Pick<EmbeddedMetricsExporterOptions, 'stream'> & { readonly intervalMs: number | false };

const INTERVAL_MS = 60_000;
/** The metrics that are written on AWS Lambda. The others would be most of the log, and Lambda has its own of the process. */
const METRICS_ON_LAMBDA: MetricFilter = [/^(?!process_|nodejs_|monitoring_)/];

/** The table of {@link EmbeddedMetricsExporterOptions}. */
export const EMBEDDED_METRICS: OptionTable<EmbeddedMetricsExporterOptions, ResolvedEmbeddedMetrics> = {
  ...PUSH,
  namespace: NAMESPACE,
  intervalMs: group((given: number | false | undefined, option) => {
    if (given === false || (given === undefined && runsOnLambda())) return false;
    return intervalMsOf(option, given, INTERVAL_MS);
  }),
  metrics: group((given: MetricFilter | undefined, option) =>
    given === undefined && runsOnLambda() ? METRICS_ON_LAMBDA : PUSH.metrics.read(option, given),
  ),
  stream: group((stream: EmbeddedMetricsStream | undefined, option) => {
    const valid = stream === undefined || isStream(stream);
    expectUnshown(option, stream, 'a writable stream such as process.stdout', valid);
    return stream;
  }),
  distributions: DISTRIBUTIONS,
  highResolution: flag(false),
  rollUps: ROLL_UPS,
  maxLineBytes: count(256_000, 1_000),
};

/**
 * Checks the options and applies the defaults.
 *
 * @param owner path of the options for error messages
 * @throws {MonitoringOptionsError}
 */
export function resolveEmbeddedMetrics(
  owner: string,
  options: EmbeddedMetricsExporterOptions,
): ResolvedEmbeddedMetrics {
  return readOptions(owner, options, EMBEDDED_METRICS);
}

function isStream(stream: Partial<EmbeddedMetricsStream> | null): boolean {
  return ['write', 'on', 'removeListener'].every(
    (name) => typeof stream?.[name as keyof EmbeddedMetricsStream] === 'function',
  );
}
