import type { Clock } from '../metrics/clock.js';
import type { Counter, CounterSeries } from '../metrics/counter.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { TimerSeries } from '../metrics/timer.js';
import type { Measurement } from '../primitives/track-completion.js';
import type { Guard } from '../primitives/guard.js';
import type { CallOutcome } from '../primitives/call-outcome.js';
import { ErrorClasses } from './error-class.js';

/** Label values that are the same for every sample, by label name. */
export type StaticLabels = Readonly<Record<string, string>>;

/** The definition of a {@link PerformanceMeasurement}. */
export interface PerformanceDefinition {
  /** Prefix of the metric names. */
  readonly name: string;
  /** Unit of the counter: `calls` or `runs`. */
  readonly unit: 'calls' | 'runs';
  readonly labels: StaticLabels;
  /** Fraction of calls that are timed, from 0 to 1. Every call is counted. */
  readonly sampleRate: number;
  /** Upper bounds of the duration buckets, in seconds. */
  readonly buckets: readonly number[] | undefined;
}

/** Label names that the measurement sets itself. */
export const RESERVED_LABELS = ['outcome', 'error'] as const;

/**
 * The metrics `<name>_duration_seconds`, `<name>_calls_total{outcome}` (or `_runs_total`) and
 * `<name>_errors_total{error}`.
 */
export class PerformanceMeasurement implements Measurement {
  private readonly clock: Clock;
  private readonly duration: TimerSeries;
  private readonly calls: Counter<string>;
  private readonly errors: Counter<string>;
  private readonly labels: StaticLabels;
  private readonly sampleRate: number;
  private readonly succeeded: CounterSeries;
  private readonly failed: CounterSeries;
  private readonly errorClasses = new ErrorClasses();

  /**
   * @param guard receives the errors of the measurement itself
   * @throws {MetricDefinitionError} for a conflict with other metrics of the registry
   */
  constructor(
    registry: MetricsRegistry,
    readonly guard: Guard,
    { name, unit, labels, sampleRate, buckets }: PerformanceDefinition,
  ) {
    const labelNames = Object.keys(labels);
    const timer = registry.timer<string>(`${name}_duration_seconds`, `Duration of ${name}, in seconds.`, {
      labelNames,
      ...(buckets && { buckets }),
    });
    this.clock = timer.store.host.clock;
    this.duration = timer.labels(labels);
    this.calls = registry.counter<string>(
      `${name}_${unit}_total`,
      `Completed ${unit} of ${name}, by outcome: success, error or cancelled.`,
      { labelNames: [...labelNames, 'outcome'] },
    );
    this.errors = registry.counter<string>(
      `${name}_errors_total`,
      `Failed ${unit} of ${name}, by class of error.`,
      { labelNames: [...labelNames, 'error'] },
    );
    this.labels = labels;
    this.sampleRate = sampleRate;
    this.succeeded = this.calls.labels({ ...labels, outcome: 'success' });
    this.failed = this.calls.labels({ ...labels, outcome: 'error' });
  }

  start(): number {
    return this.sampleRate === 1 || Math.random() < this.sampleRate ? this.clock.monotonic() : NaN;
  }

  end(startedAt: number, outcome: CallOutcome, detail: unknown): void {
    // NaN marks a call that is not sampled.
    if (!Number.isNaN(startedAt)) this.duration.observe((this.clock.monotonic() - startedAt) / 1000);
    if (outcome === 'success') this.succeeded.inc();
    else if (outcome === 'cancelled') this.calls.inc({ ...this.labels, outcome });
    else {
      this.failed.inc();
      this.errors.inc({ ...this.labels, error: this.errorClasses.of(detail) });
    }
  }
}
