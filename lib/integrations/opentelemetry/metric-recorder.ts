import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { Gauge, GaugeSeries } from '../../metrics/gauge.js';
import type { Histogram, HistogramSeries } from '../../metrics/histogram.js';
import type { DropReason } from '../../metrics/metric-host.js';
import type { AnyMetric } from '../../metrics/registry.js';
import { AttributeIndex } from './attribute-index.js';
import { labelsOfAttributes } from './attribute-labels.js';
import type { InstrumentDescriptor, MeasurementRecorder } from './instrument.js';

type Labels = Readonly<Record<string, string>>;

/** The number of attribute sets that are indexed for each series: `1` and `'1'` are one series, for example. */
const SETS_PER_SERIES = 2;

/**
 * A recorder of the measurements of one instrument. Each kind has its own `record()`, so that nothing on the hot path
 * depends on the kind.
 */
abstract class MetricRecorder<M extends AnyMetric, S> implements MeasurementRecorder {
  protected readonly index: AttributeIndex<S>;
  protected readonly isInteger: boolean;

  constructor(
    protected readonly metric: M,
    private readonly descriptor: InstrumentDescriptor,
    private readonly scope: Labels,
  ) {
    this.index = new AttributeIndex(metric.seriesLimit * SETS_PER_SERIES);
    this.isInteger = descriptor.isInteger;
  }

  abstract record(value: number, attributes: object): void;

  /** Writes one measurement to the series of labels. */
  protected abstract write(labels: Labels, value: number): void;

  /** Returns the series of labels. */
  protected abstract seriesOf(labels: Labels): S;

  /** Records a measurement whose attributes are not indexed, or whose value is no number. */
  protected recordOther(value: unknown, attributes: object): void {
    const reason = this.reasonAgainst(value);
    if (reason !== undefined) {
      this.drop(reason);
      return;
    }
    // A copy, since a getter may return another value the next time.
    const copy = { ...attributes };
    const labels = { ...labelsOfAttributes(copy, this.descriptor.kind), ...this.scope };
    addMissingNames(this.metric, labels);
    this.write(labels, value as number);
    const { store } = this.metric;
    const slot = store.peek(labels);
    if (slot >= 0 && hasOnlyOwnNames(attributes)) this.index.add(copy, this.seriesOf(labels));
  }

  protected drop(reason: DropReason): void {
    this.metric.store.host.sampleDropped(this.metric.name, reason);
  }

  private reasonAgainst(value: unknown): DropReason | undefined {
    if (typeof value !== 'number' || Number.isNaN(value)) return 'not_a_number';
    if (!Number.isFinite(value)) return 'infinite';
    return value < 0 && this.isMonotonic ? 'negative' : undefined;
  }

  private get isMonotonic(): boolean {
    return this.descriptor.kind === 'counter' || this.descriptor.kind === 'histogram';
  }
}

/** Adds the label names that a metric does not have yet. */
export function addMissingNames(metric: AnyMetric, labels: Labels): void {
  let missing: string[] | undefined;
  for (const name of Object.keys(labels)) if (!metric.labelNames.includes(name)) (missing ??= []).push(name);
  if (missing !== undefined) metric.addLabelNames(missing);
}

/** A recorder of a counter. */
export class CounterRecorder extends MetricRecorder<Counter<string>, CounterSeries> {
  record(value: number, attributes: object): void {
    try {
      const whole = this.isInteger && value > 0 ? wholeOf(value) : value;
      const series = this.index.find(attributes);
      if (series === undefined || typeof whole !== 'number') this.recordOther(whole, attributes);
      else series.inc(whole);
    } catch {
      this.drop('unreadable_label');
    }
  }

  protected write(labels: Labels, value: number): void {
    this.metric.inc(labels, value);
  }

  protected seriesOf(labels: Labels): CounterSeries {
    return this.metric.labels(labels);
  }
}

/** A recorder of an up-down counter. */
export class UpDownCounterRecorder extends MetricRecorder<Gauge<string>, GaugeSeries> {
  record(value: number, attributes: object): void {
    try {
      const whole = this.isInteger ? wholeOf(value) : value;
      const series = this.index.find(attributes);
      if (series === undefined || typeof whole !== 'number') this.recordOther(whole, attributes);
      else series.inc(whole);
    } catch {
      this.drop('unreadable_label');
    }
  }

  protected write(labels: Labels, value: number): void {
    this.metric.inc(labels, value);
  }

  protected seriesOf(labels: Labels): GaugeSeries {
    return this.metric.labels(labels);
  }
}

/** A recorder of a gauge. */
export class GaugeRecorder extends MetricRecorder<Gauge<string>, GaugeSeries> {
  record(value: number, attributes: object): void {
    try {
      const whole = this.isInteger ? wholeOf(value) : value;
      const series = this.index.find(attributes);
      if (series === undefined || typeof whole !== 'number') this.recordOther(whole, attributes);
      else series.set(whole);
    } catch {
      this.drop('unreadable_label');
    }
  }

  protected write(labels: Labels, value: number): void {
    this.metric.set(labels, value);
  }

  protected seriesOf(labels: Labels): GaugeSeries {
    return this.metric.labels(labels);
  }
}

/** A recorder of a histogram. */
export class HistogramRecorder extends MetricRecorder<Histogram<string>, HistogramSeries> {
  record(value: number, attributes: object): void {
    try {
      const whole = this.isInteger && value > 0 ? wholeOf(value) : value;
      const series = this.index.find(attributes);
      // Also false for anything but a number.
      if (series !== undefined && whole >= 0) series.observe(whole);
      else this.recordOther(whole, attributes);
    } catch {
      this.drop('unreadable_label');
    }
  }

  protected write(labels: Labels, value: number): void {
    this.metric.observe(labels, value);
  }

  protected seriesOf(labels: Labels): HistogramSeries {
    return this.metric.labels(labels);
  }
}

/** A recorder of an instrument that is refused, whose measurements are counted as dropped. */
export class RefusedRecorder implements MeasurementRecorder {
  /** @param drop counts a dropped measurement; never throws */
  constructor(private readonly drop: () => void) {}

  record(): void {
    this.drop();
  }
}

/** Returns a number without its fraction, and anything else as it is. */
function wholeOf(value: number): number {
  return typeof value === 'number' ? Math.trunc(value) : value;
}

/** Returns true if a loop over an object comes to its own names only. */
function hasOnlyOwnNames(attributes: object): boolean {
  for (const name in attributes) if (!Object.hasOwn(attributes, name)) return false;
  return true;
}
