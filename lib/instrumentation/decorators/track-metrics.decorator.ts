import type { Clock } from '../../metrics/clock.js';
import type { CounterSeries } from '../../metrics/counter.js';
import { MetricDefinitionError } from '../../metrics/metric-definition.error.js';
import type { GaugeSeries } from '../../metrics/gauge.js';
import { assertMetricName } from '../../metrics/naming-rules.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { TimerSeries } from '../../metrics/timer.js';
import type { Measurement } from '../../primitives/track-completion.js';
import type { Guard } from '../../primitives/guard.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import type { StaticLabels } from '../performance-measurement.js';
import { checkedBuckets, checkedLabels, expectOptions, type StaticLabelInput } from './decorator-options.js';
import { decoratorGuard, type MeasurementDefinition } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';

/** Options of {@link TrackMetrics}. At least one of the names is required. */
export interface TrackMetricsOptions {
  /** Name of a histogram of the durations of all calls, in seconds. */
  readonly timerName?: string;
  /** Name of a counter of all calls, whether they succeed or fail. */
  readonly counterName?: string;
  /** Name of a gauge that is set to the returned value, or to the last value of a returned promise or stream. */
  readonly gaugeName?: string;
  /** Labels of every sample. @default {} */
  readonly labels?: StaticLabelInput;
  /**
   * Upper bounds of the duration buckets, in seconds, in strictly ascending order.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

const DECORATOR = '@TrackMetrics()';

/**
 * Records the calls of a method in metrics that the options name.
 *
 * A returned value that is not a finite number does not set the gauge and is counted in
 * `monitoring_dropped_samples_total`. A call that fails or is cancelled leaves the gauge unchanged.
 *
 * @throws {MetricDefinitionError} for invalid options, and on anything other than a method
 */
export function TrackMetrics(options: TrackMetricsOptions): MethodDecorator {
  const definition = new ChosenMetricsDefinition(options);
  return (target, key, descriptor) => decorateMethod(DECORATOR, target, key, descriptor, definition);
}

class ChosenMetricsDefinition implements MeasurementDefinition {
  readonly identity: string;
  readonly metric: string;
  readonly swallowsErrors = false;
  private readonly labels: StaticLabels;
  private readonly buckets: readonly number[] | undefined;

  constructor(private readonly options: TrackMetricsOptions) {
    expectOptions(DECORATOR, options, ['timerName', 'counterName', 'gaugeName', 'labels', 'buckets']);
    const { timerName, counterName, gaugeName } = options;
    const names = [timerName, counterName, gaugeName].filter((name) => name !== undefined);
    names.forEach(assertMetricName);
    const [firstName] = names;
    if (firstName === undefined || new Set(names).size < names.length) {
      throw new MetricDefinitionError(
        `Options of ${DECORATOR} must have at least one of timerName, counterName and gaugeName, each with a different name; got ${names.join(', ') || 'none'}.`,
      );
    }
    this.labels = checkedLabels(DECORATOR, options.labels);
    this.buckets = checkedBuckets(DECORATOR, options.buckets);
    this.metric = firstName;
    this.identity = JSON.stringify(['metrics', timerName, counterName, gaugeName, this.labels]);
  }

  register(registry: MetricsRegistry): () => Measurement {
    const { labels, buckets } = this;
    const { timerName, counterName, gaugeName } = this.options;
    const timer =
      timerName === undefined
        ? undefined
        : registry.timer<string>(timerName, 'Duration of the tracked calls, in seconds.', {
            labelNames: Object.keys(labels),
            ...(buckets && { buckets }),
          });
    const measurement = new ChosenMetricsMeasurement(
      decoratorGuard(registry),
      timer && { clock: timer.store.host.clock, series: timer.labels(labels) },
      counterName === undefined
        ? undefined
        : registry.counter(counterName, 'Tracked calls, whether they succeeded or failed.', { labels }),
      gaugeName === undefined
        ? undefined
        : registry.gauge(gaugeName, 'Value returned by the last tracked call.', { labels }),
    );
    return () => measurement;
  }
}

class ChosenMetricsMeasurement implements Measurement {
  constructor(
    readonly guard: Guard,
    private readonly timer: { readonly clock: Clock; readonly series: TimerSeries } | undefined,
    private readonly counter: CounterSeries | undefined,
    private readonly gauge: GaugeSeries | undefined,
  ) {}

  start(): number {
    return this.timer === undefined ? 0 : this.timer.clock.monotonic();
  }

  end(startedAt: number, outcome: CallOutcome, detail: unknown): void {
    this.timer?.series.observe((this.timer.clock.monotonic() - startedAt) / 1000);
    this.counter?.inc();
    // The gauge drops and counts a value that is not a number.
    if (outcome === 'success') this.gauge?.set(detail as number);
  }
}
