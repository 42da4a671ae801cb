import type { CounterSeries } from '../../metrics/counter.js';
import { assertMetricName } from '../../metrics/naming-rules.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Measurement } from '../../primitives/track-completion.js';
import type { Guard } from '../../primitives/guard.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import type { StaticLabels } from '../performance-measurement.js';
import { checkedLabels, expectOption, expectOptions, type StaticLabelInput } from './decorator-options.js';
import { decoratorGuard, type MeasurementDefinition } from './measured-method.js';
import { decorateMethod } from './method-decoration.js';

/** Options of {@link TrackErrors}. */
export interface TrackErrorsOptions {
  /** Name of the counter of failed calls. */
  readonly metricName: string;
  /** Labels of every sample. @default {} */
  readonly labels?: StaticLabelInput;
  /**
   * True if errors are rethrown to the caller unchanged. If false, a failed call returns or resolves to undefined,
   * and a failed Observable or iterator completes; this applies even where `MonitoringModule` is not imported.
   * @default true
   */
  readonly reraise?: boolean;
}

const DECORATOR = '@TrackErrors()';

/**
 * Counts the failed calls of a method: calls that throw, and calls whose promise, Observable or iterator fails.
 *
 * @throws {MetricDefinitionError} for invalid options, and on anything other than a method
 */
export function TrackErrors(options: TrackErrorsOptions): MethodDecorator {
  const definition = new ErrorsDefinition(options);
  return (target, key, descriptor) => decorateMethod(DECORATOR, target, key, descriptor, definition);
}

class ErrorsDefinition implements MeasurementDefinition {
  readonly identity: string;
  readonly metric: string;
  readonly swallowsErrors: boolean;
  private readonly labels: StaticLabels;

  constructor(options: TrackErrorsOptions) {
    expectOptions(DECORATOR, options, ['metricName', 'labels', 'reraise']);
    const { metricName, reraise } = options;
    expectOption(
      `\`metricName\` of ${DECORATOR}`,
      metricName,
      'a metric name',
      typeof metricName === 'string',
    );
    assertMetricName(metricName);
    const isValid = reraise === undefined || typeof reraise === 'boolean';
    expectOption(`\`reraise\` of ${DECORATOR}`, reraise, 'true or false', isValid);
    this.metric = metricName;
    this.swallowsErrors = reraise === false;
    this.labels = checkedLabels(DECORATOR, options.labels);
    this.identity = JSON.stringify(['errors', metricName, this.labels]);
  }

  register(registry: MetricsRegistry): () => Measurement {
    const measurement = new ErrorMeasurement(
      decoratorGuard(registry),
      registry.counter(this.metric, 'Calls that failed.', { labels: this.labels }),
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

  end(_startedAt: number, outcome: CallOutcome): void {
    if (outcome === 'error') this.errors.inc();
  }
}
