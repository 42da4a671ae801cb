import type { Counter } from './counter.js';
import type { Gauge } from './gauge.js';
import type { GaugeOptions, MetricOptions } from './metric-definition.js';
import type { DropReason, MetricHost } from './metric-host.js';
import { boundedLabelValue } from '../primitives/bounded-label-values.js';
import { LIBRARY_METRICS } from './metric-names.js';
import { nearestName } from '../primitives/nearest-name.js';

/** The part of a registry that defines metrics. */
interface MetricFactory {
  counter<const L extends string>(name: string, help: string, options: MetricOptions<L>): Counter<L>;
  gauge<const L extends string>(
    name: string,
    help: string,
    options: MetricOptions<L> & GaugeOptions,
  ): Gauge<L>;
}

/** The metrics of a registry about itself. */
export class RegistryMetrics implements Pick<
  MetricHost,
  'sampleDropped' | 'unknownLabelUsed' | 'seriesOverflowed' | 'labelValueCut'
> {
  readonly collectorSuccess: Gauge<'collector'>;
  readonly collectorSeconds: Gauge<'collector'>;
  private readonly dropped: Counter<'metric' | 'reason'>;
  private readonly overflowed: Counter<'metric'>;
  private readonly truncated: Counter<'metric'>;
  private readonly warnedOverflow = new Set<string>();
  private readonly warnedUnknownLabel = new Set<string>();

  constructor(
    registry: MetricFactory,
    private readonly warn: (message: string) => void,
  ) {
    this.dropped = registry.counter(
      LIBRARY_METRICS.droppedSamples,
      'Samples dropped as invalid, by metric and reason.',
      { labelNames: ['metric', 'reason'], seriesLimit: Infinity },
    );
    this.overflowed = registry.counter(
      'monitoring_series_overflow_total',
      'Label sets sent to the overflow series because their metric had reached its series limit, by metric.',
      { labelNames: ['metric'], seriesLimit: Infinity },
    );
    this.truncated = registry.counter(
      'monitoring_truncated_label_values_total',
      'Label values cut to labelValueLengthLimit, by metric.',
      { labelNames: ['metric'], seriesLimit: Infinity },
    );
    this.collectorSuccess = registry.gauge(
      'monitoring_collector_success',
      'Result of the last run of a collector: 1 for success, 0 for failure.',
      { labelNames: ['collector'], aggregate: 'min', seriesLimit: Infinity },
    );
    this.collectorSeconds = registry.gauge(
      'monitoring_collector_duration_seconds',
      'Duration of the last run of a collector.',
      { labelNames: ['collector'], aggregate: 'max', seriesLimit: Infinity },
    );
  }

  sampleDropped(metric: string, reason: DropReason): void {
    this.dropped.inc({ metric, reason });
  }

  /** Warns at the first unknown label of a metric: every sample with it is dropped. */
  unknownLabelUsed(metric: string, label: string, labelNames: readonly string[]): void {
    if (this.warnedUnknownLabel.has(metric)) return;
    this.warnedUnknownLabel.add(metric);
    const nearest = nearestName(label, labelNames);
    const hint = nearest === undefined ? '' : ` Did you mean "${nearest}"?`;
    const known = labelNames.length === 0 ? 'It has no labels' : `Its labels are ${labelNames.join(', ')}`;
    this.warn(
      `Metric ${metric} has no label "${boundedLabelValue(label)}"; samples with it are dropped and counted in ${LIBRARY_METRICS.droppedSamples}. ${known}.${hint}`,
    );
  }

  /** Counts an overflow, and warns at the first one of a metric. */
  seriesOverflowed(metric: string, limit: number, limited?: 'label names'): void {
    this.overflowed.inc({ metric });
    if (this.warnedOverflow.has(metric)) return;
    this.warnedOverflow.add(metric);
    this.warn(
      limited === undefined
        ? `Metric ${metric} has reached its limit of ${limit} series; further label sets go to one overflow series. Look for a label with too many values, or raise seriesLimit.`
        : `Metric ${metric} has reached its limit of ${limit} label names; label sets with further names go to one overflow series. Look for names that are made of data.`,
    );
  }

  labelValueCut(metric: string): void {
    // The label of this counter is the name of a metric, which is cut without being counted.
    if (metric !== this.truncated.name) this.truncated.inc({ metric });
  }

  /** Forgets a removed metric, so that a new one of the same name is warned about again. */
  forget(metric: string): void {
    this.warnedOverflow.delete(metric);
    this.warnedUnknownLabel.delete(metric);
  }
}
