import type { Clock } from './clock.js';
import type { ExemplarSource } from './exemplars.js';

/** The reason why a sample was dropped: the label `reason` of `monitoring_dropped_samples_total`. */
export type DropReason =
  | 'not_a_number'
  | 'infinite'
  | 'negative'
  | 'unknown_label'
  | 'unreadable_label'
  // Only the exemplar was dropped; its sample counts.
  | 'invalid_exemplar'
  // The metric of a decorator could not be defined, because another one has its name.
  | 'conflicting_definition'
  // The metric of a job could not be defined: another one has its name, or the name is invalid.
  | 'refused_definition'
  // A measurement of OpenTelemetry came before the application had started, and too many others with it.
  | 'not_started';

/** The services of a registry that its metrics use. */
export interface MetricHost {
  readonly clock: Clock;
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly exemplarSource: ExemplarSource | undefined;
  readonly labelValueLengthLimit: number;
  sampleDropped(metric: string, reason: DropReason): void;
  unknownLabelUsed(metric: string, label: string, labelNames: readonly string[]): void;
  /** @param limited name of what has reached the limit @default 'series' */
  seriesOverflowed(metric: string, limit: number, limited?: 'label names'): void;
  labelValueCut(metric: string): void;
}
