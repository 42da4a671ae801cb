import type { CounterSeries } from '../../metrics/counter.js';
import { assertMetricName } from '../../metrics/naming.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Measurement } from '../../primitives/completion.js';
import type { Guard } from '../../primitives/guard.js';
import type { Outcome } from '../../primitives/outcome.js';
import type { StaticLabels } from '../performance-measurement.js';
import { checkedLabels, expectOption, expectOptions, type StaticLabelInput } from './decorator-options.js';
import { decoratorGuard, type Measure } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';

/** Options of {@link TrackErrors}. */
export interface TrackErrorsOptions {
  /** The counter of errors. */
  readonly metricName: string;
  /** Labels that every sample has. @default {} */
  readonly labels?: StaticLabelInput;
  /**
   * Whether errors go on to the caller, as they are. If not, what fails returns or resolves to undefined, and an
   * Observable or an iterator completes; so it does without the module, too.
   * @default true
   */
  readonly reraise?: boolean;
}

const DECORATOR = '@TrackErrors()';

/**
 * Counts the calls of a method that fail: that throw, or whose promise, Observable or iterator does.
 *
 * @throws {MetricDefinitionError} for options that cannot work, and for what is no method
 */
export function TrackErrors(options: TrackErrorsOptions): MethodDecorator {
  const measure = new TrackedErrors(options);
  return (target, key, descriptor) => decorateMethod(DECORATOR, target, key, descriptor, measure);
}

class TrackedErrors implements Measure {
  readonly identity: string;
  readonly metric: string;
  readonly swallows: boolean;
  private readonly labels: StaticLabels;

  constructor(options: TrackErrorsOptions) {
    expectOptions(DECORATOR, options, ['metricName', 'labels', 'reraise']);
    const { metricName, reraise } = options;
    assertMetricName(metricName);
    expectOption(
      `reraise of ${DECORATOR}`,
      reraise,
      'true or false',
      reraise === undefined || typeof reraise === 'boolean',
    );
    this.metric = metricName;
    this.swallows = reraise === false;
    this.labels = checkedLabels(DECORATOR, options.labels);
    this.identity = JSON.stringify(['errors', metricName, this.labels]);
  }

  open(registry: MetricsRegistry): () => Measurement {
    const measurement = new ErrorMeasurement(
      decoratorGuard(registry),
      registry.counter(this.metric, 'Tracked calls that failed.', { labels: this.labels }),
    );
    return () => measurement;
  }
}

class ErrorMeasurement implements Measurement {
  constructor(
    readonly guard: Guard,
    private readonly errors: CounterSeries,
  ) {}

  start(): number {
    return 0;
  }

  end(_startedAt: number, outcome: Outcome): void {
    if (outcome === 'error') this.errors.inc();
  }
}
