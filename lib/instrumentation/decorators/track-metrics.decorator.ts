import type { Clock } from '../../metrics/clock.js';
import type { CounterSeries } from '../../metrics/counter.js';
import { MetricDefinitionError } from '../../metrics/errors.js';
import type { GaugeSeries } from '../../metrics/gauge.js';
import { assertMetricName } from '../../metrics/naming.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { TimerSeries } from '../../metrics/timer.js';
import type { Measurement } from '../../primitives/completion.js';
import type { Guard } from '../../primitives/guard.js';
import type { Outcome } from '../../primitives/outcome.js';
import type { StaticLabels } from '../performance-measurement.js';
import { checkedBuckets, checkedLabels, expectOptions, type StaticLabelInput } from './decorator-options.js';
import { decoratorGuard, type Measure } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';

/** Options of {@link TrackMetrics}; at least one of the names. */
export interface TrackMetricsOptions {
  /** A histogram of how long the calls take, in seconds, however they end. */
  readonly timerName?: string;
  /** A counter of the calls, however they end. */
  readonly counterName?: string;
  /** A gauge that is set to what the calls return, or to what their promises or Observables have last. */
  readonly gaugeName?: string;
  /** Labels that every sample has. @default {} */
  readonly labels?: StaticLabelInput;
  /**
   * Upper bounds of the timer, in seconds, in strictly ascending order.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
}

const DECORATOR = '@TrackMetrics()';

/**
 * Records the calls of a method in metrics of your own names.
 *
 * A returned value that is no finite number does not set the gauge and is counted in
 * `monitoring_dropped_samples_total`; a call that fails or is cancelled leaves it as it is.
 *
 * @throws {MetricDefinitionError} for options that cannot work, and for what is no method
 */
export function TrackMetrics(options: TrackMetricsOptions): MethodDecorator {
  const measure = new TrackedMetrics(options);
  return (target, key, descriptor) => decorateMethod(DECORATOR, target, key, descriptor, measure);
}

class TrackedMetrics implements Measure {
  readonly identity: string;
  readonly metric: string;
  readonly swallows = false;
  private readonly labels: StaticLabels;
  private readonly buckets: readonly number[] | undefined;

  constructor(private readonly options: TrackMetricsOptions) {
    expectOptions(DECORATOR, options, ['timerName', 'counterName', 'gaugeName', 'labels', 'buckets']);
    const { timerName, counterName, gaugeName } = options;
    const names = [timerName, counterName, gaugeName].filter((name) => name !== undefined);
    names.forEach(assertMetricName);
    if (names.length === 0 || new Set(names).size < names.length) {
      throw new MetricDefinitionError(
        `Expected ${DECORATOR} to be given timerName, counterName or gaugeName, each another name, got ${names.join(', ') || 'none'}.`,
      );
    }
    this.labels = checkedLabels(DECORATOR, options.labels);
    this.buckets = checkedBuckets(DECORATOR, options.buckets);
    this.metric = names[0];
    this.identity = JSON.stringify(['metrics', timerName, counterName, gaugeName, this.labels]);
  }

  open(registry: MetricsRegistry): () => Measurement {
    const { labels, buckets } = this;
    const { timerName, counterName, gaugeName } = this.options;
    const timer =
      timerName === undefined
        ? undefined
        : registry.timer<string>(timerName, 'How long the tracked calls take, in seconds.', {
            labelNames: Object.keys(labels),
            ...(buckets && { buckets }),
          });
    const measurement = new TrackedMeasurement(
      decoratorGuard(registry),
      timer && { clock: timer.store.host.clock, series: timer.labels(labels) },
      counterName === undefined
        ? undefined
        : registry.counter(counterName, 'Tracked calls, however they ended.', { labels }),
      gaugeName === undefined
        ? undefined
        : registry.gauge(gaugeName, 'What the last of the tracked calls returned.', { labels }),
    );
    return () => measurement;
  }
}

class TrackedMeasurement implements Measurement {
  constructor(
    readonly guard: Guard,
    private readonly timer: { readonly clock: Clock; readonly series: TimerSeries } | undefined,
    private readonly counter: CounterSeries | undefined,
    private readonly gauge: GaugeSeries | undefined,
  ) {}

  start(): number {
    return this.timer === undefined ? 0 : this.timer.clock.monotonic();
  }

  end(startedAt: number, outcome: Outcome, detail: unknown): void {
    this.timer?.series.observe((this.timer.clock.monotonic() - startedAt) / 1000);
    this.counter?.inc();
    // What is no number is refused, and counted as such.
    if (outcome === 'success') this.gauge?.set(detail as number);
  }
}
