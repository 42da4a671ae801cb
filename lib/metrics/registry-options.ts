import type { Clock } from './clock.js';
import { MetricDefinitionError } from './metric-definition.error.js';
import type { ExemplarSource } from './exemplars.js';
import { assertLabelNames, toLabelString } from './labels.js';

/** A logger for the warnings of a registry; the `Logger` of Nest fits. */
export interface WarningLogger {
  /** Logs a warning. Errors that it throws are ignored. */
  warn(message: string): void;
}

/** Options of a {@link MetricsRegistry}. */
export interface MetricsRegistryOptions {
  /**
   * True to record samples. If it is false, every instrument is a no-op.
   * @default true
   */
  readonly enabled?: boolean;
  /**
   * Labels that are added to every series. A label of the series with the same name wins.
   * @default {}
   */
  readonly defaultLabels?: Readonly<Record<string, LabelInput>>;
  /**
   * Maximum number of series of a metric. Samples of further label sets go to one overflow series, so that memory is
   * bounded and totals stay exact.
   * @default 1000
   */
  readonly seriesLimit?: number;
  /**
   * Maximum length of a label value, in UTF-16 code units. A longer value is cut and marked with `…`, so that values
   * which differ only beyond the limit share a series. Cuts are counted in `monitoring_truncated_label_values_total`.
   * @default 1024
   */
  readonly labelValueLengthLimit?: number;
  /**
   * Source of exemplar labels for counters and histograms, called at most once a second for each of their numbers.
   * @default none: only samples that come with exemplar labels have exemplars
   */
  readonly exemplars?: ExemplarSource | undefined;
  /** Source of time. @default the system clock */
  readonly clock?: Clock;
  /** Logger for warnings. @default process warnings, each printed once */
  readonly logger?: WarningLogger;
}

type LabelInput = string | number | boolean;

/** The default logger, which emits process warnings. */
export const processWarnings: WarningLogger = {
  warn: (message) => process.emitWarning(message, 'MonitoringWarning'),
};

/** Checks the length limit of label values and returns it. @throws {MetricDefinitionError} */
export function checkedLengthLimit(limit: number): number {
  if (limit === Infinity || (Number.isInteger(limit) && limit >= 1)) return limit;
  throw new MetricDefinitionError(
    `\`labelValueLengthLimit\` must be a whole number of at least 1, or Infinity; got ${String(limit)} (${typeof limit}).`,
  );
}

/** Checks the names of default labels and returns the labels as strings. @throws {MetricDefinitionError} */
export function checkedDefaultLabels(labels: Readonly<Record<string, LabelInput>>): Record<string, string> {
  assertLabelNames('defaultLabels', Object.keys(labels));
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, toLabelString(value)]));
}
