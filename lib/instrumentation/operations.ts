import type { Clock } from '../metrics/clock.js';
import type { Counter, CounterSeries } from '../metrics/counter.js';
import type { Gauge, GaugeSeries } from '../metrics/gauge.js';
import type { HistogramSeries } from '../metrics/histogram.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { Timer } from '../metrics/timer.js';
import type { Outcome } from '../primitives/outcome.js';

type NameAndHelp = readonly [name: string, help: string];

/** Under which names the operations of one kind are recorded. */
export interface OperationsDefinition<L extends string> {
  readonly total: NameAndHelp;
  readonly duration: NameAndHelp;
  readonly inProgress: NameAndHelp;
  /** The labels that tell operations apart, beside `outcome`. */
  readonly labelNames: readonly L[];
  /** Those of them that the gauge has too. */
  readonly groupNames: readonly L[];
  readonly buckets: readonly number[];
}

/** Counts and times what a transport brings: how many by outcome, how long, and how many now. */
export class Operations<L extends string> {
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

  /** One operation, its series looked up once: keep it. */
  operation(labels: Readonly<Record<L, string>>): Operation {
    const group = Object.fromEntries(this.groupNames.map((name) => [name, labels[name]]));
    return new Operation(this.seconds.store.host.clock, this.inProgress.labels(group), (outcome) => ({
      total: this.total.labels({ ...labels, outcome }),
      seconds: this.seconds.labels({ ...labels, outcome }),
    }));
  }

  /** Counts what came but was never begun. */
  countUnstarted(labels: Readonly<Record<L, string>>, outcome: Outcome): void {
    this.total.inc({ ...labels, outcome });
  }
}

interface OutcomeSeries {
  readonly total: CounterSeries;
  readonly seconds: HistogramSeries;
}

/** What is recorded of each run of one operation. */
export class Operation {
  private readonly outcomes = new Map<Outcome, OutcomeSeries>();

  constructor(
    private readonly clock: Clock,
    private readonly inProgress: GaugeSeries,
    private readonly seriesOf: (outcome: Outcome) => OutcomeSeries,
  ) {}

  start(): number {
    this.inProgress.inc();
    return this.clock.monotonic();
  }

  end(startedAt: number, outcome: Outcome): void {
    this.inProgress.dec();
    let series = this.outcomes.get(outcome);
    if (series === undefined) this.outcomes.set(outcome, (series = this.seriesOf(outcome)));
    series.total.inc();
    series.seconds.observe((this.clock.monotonic() - startedAt) / 1000);
  }
}
