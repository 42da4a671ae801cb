import { type Labels, OPEN_LABELS_LIMIT } from './labels.js';
import type { Aggregation, MetricDefinition, MetricKind } from './metric-definition.js';
import type { MetricType } from './naming-rules.js';
import type { SeriesStore } from './series-store.js';
import type { MetricFamily } from './snapshot.js';

/** The arguments of a sample, which begin with the labels if the metric has some. */
export type SampleArguments<L extends string, Rest extends unknown[]> = [L] extends [never]
  ? Rest
  : [labels: Labels<L>, ...rest: Rest];

/** Options of a snapshot. */
export interface SnapshotOptions {
  /**
   * True to copy the exponential histograms of every metric, from which percentiles are read; or the names of the
   * metrics whose histograms are copied.
   * @default false
   */
  readonly exponential?: boolean | ReadonlySet<string>;
  /**
   * Maximum number of buckets that the reader takes of an exponential histogram, at least 12: those of one with more are
   * merged, which takes less memory. A source may give more.
   * @default all
   * @internal
   */
  readonly exponentialBuckets?: number;
}

/**
 * The base of counters, gauges, histograms and timers: a name, label names and the series under them.
 *
 * @typeParam L the label names; `never` for a metric without labels
 */
export abstract class Metric<L extends string = string> {
  readonly name: string;
  readonly help: string;
  readonly kind: MetricKind;
  readonly labelNames: readonly L[];
  abstract readonly type: MetricType;
  /** @internal */
  readonly seriesLimit: number;
  /** @internal */
  readonly aggregate: Aggregation | undefined;
  /** @internal */
  readonly openLabels: boolean;
  /** @internal */
  abstract readonly store: SeriesStore;

  constructor(definition: MetricDefinition) {
    this.name = definition.name;
    this.help = definition.help;
    this.kind = definition.kind;
    this.labelNames = definition.labelNames as readonly L[];
    this.seriesLimit = definition.seriesLimit;
    this.aggregate = definition.aggregate;
    this.openLabels = definition.openLabels ?? false;
  }

  /** The number of series, the overflow series not counted. */
  get seriesCount(): number {
    return this.store.liveCount;
  }

  /**
   * Removes one series. Its labels start again at zero if they are used again.
   *
   * @returns false if there was no such series
   */
  remove(labels: Labels<L>): boolean {
    return this.store.remove(labels);
  }

  /** Removes every series. A metric without labels is at zero again. */
  reset(): void {
    this.store.reset();
  }

  /** @internal Declares that this metric repeats a count kept elsewhere, which was not zero when its series were created. */
  mirrorsOther(): void {
    this.store.mirrorsOther();
  }

  /**
   * Adds label names to a metric with open labels, whose series do not have these labels. Beyond the limits of label names
   * and of series it adds none: samples with other labels go to the overflow series.
   *
   * @internal
   */
  addLabelNames(names: readonly string[]): void {
    const count = this.labelNames.length + names.length;
    if (count > OPEN_LABELS_LIMIT || this.seriesCount >= this.seriesLimit) return;
    (this as { labelNames: readonly string[] }).labelNames = [...this.labelNames, ...names];
    this.store.useLabelNames(this.labelNames);
  }

  /** @internal Replaces the help text of a metric whose description comes from elsewhere. */
  describe(help: string): void {
    (this as { help: string }).help = help;
  }

  /** @internal */
  abstract snapshot(options: SnapshotOptions): MetricFamily;
}
