import type { Clock } from '../metrics/clock.js';
import type { Counter, CounterSeries } from '../metrics/counter.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { TimerSeries } from '../metrics/timer.js';
import type { Measurement } from '../primitives/completion.js';
import type { Guard } from '../primitives/guard.js';
import type { Outcome } from '../primitives/outcome.js';
import { ErrorClasses } from './error-class.js';

/** Label values that do not change, by name. */
export type StaticLabels = Readonly<Record<string, string>>;

/** What is recorded of each call, and under which names. */
export interface PerformanceDefinition {
  /** What all the metrics begin with. */
  readonly name: string;
  /** What is counted: `calls` or `runs`. */
  readonly unit: 'calls' | 'runs';
  readonly labels: StaticLabels;
  /** The share of calls that are timed; all are counted. */
  readonly sampleRate: number;
  readonly buckets: readonly number[] | undefined;
}

/** Label names that are set from what happens, and cannot be given. */
export const PERFORMANCE_LABELS = ['outcome', 'error'] as const;

/** `<name>_duration_seconds`, `<name>_calls_total` by outcome and `<name>_errors_total` by class of error. */
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
   * @param guard where what the measurement throws is reported
   * @throws {MetricDefinitionError} if the registry has other metrics of these names
   */
  constructor(
    registry: MetricsRegistry,
    readonly guard: Guard,
    { name, unit, labels, sampleRate, buckets }: PerformanceDefinition,
  ) {
    const labelNames = Object.keys(labels);
    const timer = registry.timer<string>(`${name}_duration_seconds`, `How long ${name} takes, in seconds.`, {
      labelNames,
      ...(buckets && { buckets }),
    });
    this.clock = timer.store.host.clock;
    this.duration = timer.labels(labels);
    this.calls = registry.counter<string>(
      `${name}_${unit}_total`,
      `How often ${name} has ended, by outcome: success, error or cancelled.`,
      { labelNames: [...labelNames, 'outcome'] },
    );
    this.errors = registry.counter<string>(
      `${name}_errors_total`,
      `How often ${name} has failed, by class of error.`,
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

  end(startedAt: number, outcome: Outcome, detail: unknown): void {
    // NaN: not in the sample.
    if (!Number.isNaN(startedAt)) this.duration.observe((this.clock.monotonic() - startedAt) / 1000);
    if (outcome === 'success') this.succeeded.inc();
    else if (outcome === 'cancelled') this.calls.inc({ ...this.labels, outcome });
    else {
      this.failed.inc();
      this.errors.inc({ ...this.labels, error: this.errorClasses.of(detail) });
    }
  }
}
