import { type ConventionByDomain, conventionOfAll } from '../../metrics/conventions/conventions.js';
import type { AnyMetric, MetricsRegistry } from '../../metrics/registry.js';
import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import type { DropReason } from '../../metrics/metric-host.js';
import { LIBRARY_METRICS } from '../../metrics/metric-names.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { freeName } from '../../primitives/free-name.js';
import { scopeLabels } from './attribute-labels.js';
import { type InstrumentDescriptor, MAX_NAME_LENGTH, type MeasurementRecorder } from './instrument.js';
import {
  CounterRecorder,
  GaugeRecorder,
  HistogramRecorder,
  RefusedRecorder,
  UpDownCounterRecorder,
} from './metric-recorder.js';
import type { BridgedApplication, BridgedMeterProvider } from './meter-provider.js';
import type { ObservableInstrument, Observation } from './observable.js';
import { ObservationCollector } from './observation.collector.js';
import { ObservedMetric, OwnedSeries } from './observed-metric.js';
import type { ResolvedOpenTelemetryBridge } from './open-telemetry.options.js';
import { METRIC_KINDS, metricNameOf, semanticNames } from './prometheus-names.js';

/** The buckets of a histogram without advice, by the specification of OpenTelemetry. */
const DEFAULT_BOUNDARIES = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000];

/** The maximum number of refused instruments that are named in the log and the metrics. */
const MAX_REFUSED_NAMES = 100;

/** A metric with the instruments that are recorded in it. */
interface BridgedMetric {
  readonly metric: AnyMetric;
  readonly kind: InstrumentDescriptor['kind'];
  readonly unit: string;
  readonly boundaries: string;
  /** The name of the instrument of each scope. */
  readonly names: Map<string, string>;
}

/** A refusal of an instrument. */
class Refusal {
  constructor(
    readonly reason: DropReason,
    readonly message: string,
  ) {}
}

/** The bridge from the instruments of `@opentelemetry/api` to the registry of one application. */
export class OpenTelemetryBridge implements BridgedApplication {
  private readonly metrics = new Map<string, BridgedMetric>();
  private readonly observed = new Map<InstrumentDescriptor, ObservedMetric>();
  private readonly owned = new Map<AnyMetric, OwnedSeries>();
  private readonly collectorNames = new Set<string>();
  private readonly refusedNames = new BoundedLabelValues(MAX_REFUSED_NAMES);
  private readonly warned = new Set<string>();
  private readonly taken: ReadonlySet<string>;
  private detach: (() => void) | undefined;
  private isStopped = false;
  private hasRefusedCallbacks = false;

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly options: ResolvedOpenTelemetryBridge,
    private readonly provider: BridgedMeterProvider,
    conventions: ConventionByDomain = conventionOfAll('prometheus'),
  ) {
    this.taken = semanticNames(conventions);
  }

  /** Registers the provider again, unless another one is there, and begins to record. */
  start(): void {
    if (this.provider.register() === 'other provider') {
      this.registry.warn(
        'Another MeterProvider is registered with @opentelemetry/api, so `bridges.openTelemetry` records only what is created by registerOpenTelemetryMetrics(). Start the SDK of OpenTelemetry without a metric reader, or remove the option.',
      );
    }
    this.detach = this.provider.attach(this);
  }

  /** Ends to record, and removes the provider if no other application uses it. */
  stop(): void {
    this.isStopped = true;
    this.detach?.();
    this.detach = undefined;
    this.provider.unregister();
  }

  recorderOf(descriptor: InstrumentDescriptor): MeasurementRecorder {
    const metric = this.metricOf(descriptor);
    if (metric instanceof Refusal) return this.refusedRecorder(descriptor, metric);
    const scope = this.scopeOf(descriptor);
    if (metric.type === 'counter') return new CounterRecorder(metric, descriptor, scope);
    if (metric.type === 'histogram') return new HistogramRecorder(metric, descriptor, scope);
    const Recorder = descriptor.kind === 'gauge' ? GaugeRecorder : UpDownCounterRecorder;
    return new Recorder(metric, descriptor, scope);
  }

  declare(descriptor: InstrumentDescriptor): void {
    this.observedMetricOf(descriptor);
  }

  observe(observation: Observation): () => void {
    const metrics = new Map<ObservableInstrument, ObservedMetric>();
    for (const instrument of observation.instruments) {
      const metric = this.observedMetricOf(instrument.descriptor);
      if (metric !== undefined) metrics.set(instrument, metric);
    }
    if (metrics.size === 0) return () => undefined;
    const [first] = observation.instruments;
    const name = freeName(
      `opentelemetry ${first?.descriptor.name}`,
      (each) => this.collectorNames.has(each),
      ' ',
    );
    this.collectorNames.add(name);
    const collector = new ObservationCollector(name, observation, metrics);
    const remove = this.registry.addCollector(collector);
    return () => {
      remove();
      this.collectorNames.delete(name);
      if (!this.isStopped) collector.remove();
    };
  }

  lost(count: number): void {
    for (let i = 0; i < count; i++) this.countDropped('other', 'not_started');
    this.registry.warn(
      `${count} measurements of OpenTelemetry instruments were made before the application started, beyond the number that is kept for it. They are counted in ${LIBRARY_METRICS.droppedSamples}.`,
    );
  }

  refuseCallbacks(count: number): void {
    for (let i = 0; i < count; i++) this.countDropped('other', 'refused_definition');
    if (this.hasRefusedCallbacks) return;
    this.hasRefusedCallbacks = true;
    this.registry.warn(
      `There are too many callbacks of observable OpenTelemetry instruments; further ones are not called. They are counted in ${LIBRARY_METRICS.droppedSamples}. Add callbacks once at the start, or remove those that are no longer needed with removeCallback().`,
    );
  }

  private observedMetricOf(descriptor: InstrumentDescriptor): ObservedMetric | undefined {
    const known = this.observed.get(descriptor);
    if (known !== undefined) return known;
    const metric = this.metricOf(descriptor);
    if (metric instanceof Refusal) {
      // Its callbacks are not called, so the instrument itself is counted.
      this.refusedRecorder(descriptor, metric).record();
      return undefined;
    }
    if (metric.type === 'histogram') return undefined;
    const observed = new ObservedMetric(metric, descriptor, this.scopeOf(descriptor), this.ownedOf(metric));
    this.observed.set(descriptor, observed);
    return observed;
  }

  private ownedOf(metric: AnyMetric): OwnedSeries {
    const owned = this.owned.get(metric) ?? new OwnedSeries();
    this.owned.set(metric, owned);
    return owned;
  }

  /** Returns the metric of an instrument, or the reason why there is none. */
  private metricOf(descriptor: InstrumentDescriptor): AnyMetric | Refusal {
    if (descriptor.isBeyondLimit) return new Refusal('refused_definition', 'there are too many instruments');
    const name = metricNameOf(descriptor, this.options.unitSuffixes, this.taken);
    if (name === undefined || descriptor.name.length > MAX_NAME_LENGTH) {
      return new Refusal(
        'refused_definition',
        `its name must have at least one letter or digit, and at most ${MAX_NAME_LENGTH} characters`,
      );
    }
    const scope = JSON.stringify(this.options.scopeLabels ? descriptor.scope : null);
    const existing = this.metrics.get(name) ?? this.created(name, descriptor);
    if (existing instanceof Refusal) return existing;
    const conflict = conflictOf(existing, descriptor, scope);
    if (conflict !== undefined) return new Refusal('conflicting_definition', `${name} ${conflict}`);
    existing.names.set(scope, descriptor.name);
    const { metric } = existing;
    // The longer description is that of the SDK, too.
    if (descriptor.description.length > metric.help.length) metric.describe(descriptor.description);
    return metric;
  }

  private created(name: string, descriptor: InstrumentDescriptor): BridgedMetric | Refusal {
    const { kind, unit, description } = descriptor;
    const buckets = boundariesOf(descriptor);
    try {
      const metric = this.registry.openMetric(METRIC_KINDS[kind], name, description, {
        ...(kind === 'histogram' && { buckets }),
        // The values of gauges cannot be added up; the values of up-down counters can.
        ...((kind === 'gauge' || kind === 'observableGauge') && { aggregate: 'worker' as const }),
      });
      const bridged = { metric, kind, unit, boundaries: buckets.join(), names: new Map<string, string>() };
      this.metrics.set(name, bridged);
      return bridged;
    } catch (error) {
      if (!(error instanceof MetricDefinitionError)) throw error;
      return new Refusal('conflicting_definition', error.message.replace(/\.$/, ''));
    }
  }

  private scopeOf({ scope }: InstrumentDescriptor): Record<string, string> {
    return this.options.scopeLabels ? scopeLabels(scope) : {};
  }

  private refusedRecorder(
    { name, scope }: InstrumentDescriptor,
    { reason, message }: Refusal,
  ): RefusedRecorder {
    const label = this.refusedNames.of(name);
    if (!this.warned.has(label)) {
      this.warned.add(label);
      this.registry.warn(
        `The OpenTelemetry instrument "${label}" of "${scope.name}" is not recorded: ${message}. Its measurements are counted in ${LIBRARY_METRICS.droppedSamples}.`,
      );
    }
    return new RefusedRecorder(() => this.countDropped(label, reason));
  }

  private countDropped(metric: string, reason: DropReason): void {
    this.registry
      .counter(LIBRARY_METRICS.droppedSamples, undefined, { labelNames: ['metric', 'reason'] })
      .inc({ metric, reason });
  }
}

/** Returns how an instrument differs from those of a metric; undefined if it can be recorded in it. */
function conflictOf(
  { kind, unit, boundaries, names }: BridgedMetric,
  descriptor: InstrumentDescriptor,
  scope: string,
): string | undefined {
  if (kind !== descriptor.kind) return `is the name of another kind of instrument, ${kind}`;
  if (unit !== descriptor.unit) return `is the name of an instrument with the unit "${unit}"`;
  const name = names.get(scope);
  // The SDK ignores the advice of an instrument that exists.
  if (name === descriptor.name) return undefined;
  if (name !== undefined) return `is also the name of the instrument "${name}"`;
  if (boundariesOf(descriptor).join() !== boundaries) return 'is the name of a histogram with other buckets';
  return undefined;
}

/** Returns the upper bounds of a histogram: those of its advice, in ascending order and without infinity. */
function boundariesOf({ boundaries }: InstrumentDescriptor): number[] {
  const given = boundaries?.filter((bound) => Number.isFinite(bound)) ?? DEFAULT_BOUNDARIES;
  return [...new Set(given)].toSorted((a, b) => a - b);
}
