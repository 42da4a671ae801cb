import type { ActiveCount } from '../metrics/active-count.js';
import type { Clock } from '../metrics/clock.js';
import type { Counter, CounterSeries } from '../metrics/counter.js';
import type { Gauge } from '../metrics/gauge.js';
import type { HistogramSeries } from '../metrics/histogram.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { Timer } from '../metrics/timer.js';
import type { CallOutcome } from '../primitives/call-outcome.js';

type NameAndHelp = readonly [name: string, help: string];

/** The metrics of one kind of operation. */
export interface OperationsDefinition<L extends string> {
  readonly total: NameAndHelp;
  readonly duration: NameAndHelp;
  readonly inProgress: NameAndHelp;
  /** Label names of the counter and the histogram, besides `outcome`. */
  readonly labelNames: readonly L[];
  /** The subset of the label names that the in-progress gauge has. */
  readonly groupNames: readonly L[];
  /** Upper bounds of the duration buckets, in seconds. */
  readonly buckets: readonly number[];
}

/** The counter by outcome, the duration histogram and the in-progress gauge of one kind of operation. */
export class OperationMetrics<L extends string> {
  private readonly total: Counter<string>;
  private readonly seconds: Timer<string>;
  private readonly inProgress: Gauge<string>;
  private readonly groupNames: readonly L[];

  constructor(registry: MetricsRegistry, definition: OperationsDefinition<L>) {
    const labelNames = [...definition.labelNames, 'outcome'];
    this.total = registry.counter<string>(...definition.total, { labelNames });
    this.seconds = registry.timer<string>(...definition.duration, {
      labelNames,
      buckets: definition.buckets,
    });
    this.inProgress = registry.gauge<string>(...definition.inProgress, { labelNames: definition.groupNames });
    this.groupNames = definition.groupNames;
  }

  /** Returns the operation with these labels. Callers keep it, since each call looks its series up again. */
  operation(labels: Readonly<Record<L, string>>): Operation {
    const group = Object.fromEntries(this.groupNames.map((name) => [name, labels[name]]));
    return new Operation(this.seconds.store.host.clock, this.inProgress.active(group), (outcome) => ({
      total: this.total.labels({ ...labels, outcome }),
      seconds: this.seconds.labels({ ...labels, outcome }),
    }));
  }

  /**
   * Counts an operation that was never started, such as a message without a handler.
   *
   * @param isTimed true to record that it took no time, too
   */
  countUnstarted(labels: Readonly<Record<L, string>>, outcome: CallOutcome, isTimed = false): void {
    this.total.inc({ ...labels, outcome });
    if (isTimed) this.seconds.observe({ ...labels, outcome }, 0);
  }
}

interface OutcomeSeries {
  readonly total: CounterSeries;
  readonly seconds: HistogramSeries;
}

/** The series of one operation. */
export class Operation {
  private readonly outcomes = new Map<CallOutcome, OutcomeSeries>();

  constructor(
    private readonly clock: Clock,
    private readonly inProgress: ActiveCount,
    private readonly seriesOf: (outcome: CallOutcome) => OutcomeSeries,
  ) {}

  /** Records the start of a run and returns its time, in milliseconds on the monotonic clock. */
  start(): number {
    this.inProgress.begin();
    return this.clock.monotonic();
  }

  /** Records the end of a run. */
  end(startedAt: number, outcome: CallOutcome): void {
    this.inProgress.end();
    let series = this.outcomes.get(outcome);
    if (series === undefined) this.outcomes.set(outcome, (series = this.seriesOf(outcome)));
    series.total.inc();
    series.seconds.observe((this.clock.monotonic() - startedAt) / 1000);
  }
}
