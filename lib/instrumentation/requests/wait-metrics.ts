import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Operation } from './operation.js';
import { TIME_PARTS } from './time-parts.js';
import { WAIT_METRICS, type WaitMetricsDefinition, type WaitMetricsName } from './wait-metric-names.js';

/** Upper limit for operations whose series are looked up once. */
const MAX_BOUND = 10_000;

/** The series of one operation, looked up once. */
interface BoundSeries {
  readonly recorded: CounterSeries;
  /** By position in {@link TIME_PARTS}. */
  readonly time: CounterSeries[];
  queries?: CounterSeries;
  repeated?: CounterSeries;
}

/** The metrics of what one sort of operation waits for. */
export class WaitMetrics {
  private readonly time: Counter<string>;
  private readonly queries: Counter<string>;
  private readonly repeated: Counter<string>;
  private readonly recorded: Counter<string>;
  private readonly bound = new Map<string, BoundSeries>();

  /** @param repeatedCalls number of equal calls from which on they are an N+1 */
  constructor(
    registry: MetricsRegistry,
    name: WaitMetricsName,
    private readonly repeatedCalls: number,
  ) {
    const { subject, labelNames, time, queries, repeated, recorded }: WaitMetricsDefinition =
      WAIT_METRICS[name];
    this.time = registry.counter<string>(
      time,
      `Time of the recorded ${subject} by what it was spent on, in seconds: waits for database, cache, remote, pool or event loop, and the application itself.`,
      { labelNames: [...labelNames, 'part'] },
    );
    this.queries = registry.counter<string>(queries, `Database statements of the recorded ${subject}.`, {
      labelNames,
    });
    this.repeated = registry.counter<string>(
      repeated,
      `The recorded ${subject} that made ${repeatedCalls} or more equal calls.`,
      { labelNames },
    );
    this.recorded = registry.counter<string>(recorded, `The ${subject} that were recorded.`, { labelNames });
  }

  /** Counts an operation that has ended. @param name its name, which is that of its labels */
  count(operation: Operation, name: string, labels: Readonly<Record<string, string>>): void {
    const series = this.seriesOf(name, labels);
    const { parts, statements } = operation;
    series.recorded.inc();
    for (let i = 0; i < TIME_PARTS.length; i++) {
      const milliseconds = parts.at(i);
      if (milliseconds <= 0) continue;
      const time = (series.time[i] ??= this.time.labels({ ...labels, part: TIME_PARTS[i] }));
      time.inc(milliseconds / 1000);
    }
    if (statements > 0) (series.queries ??= this.queries.labels(labels)).inc(statements);
    if (operation.repeats(this.repeatedCalls)) (series.repeated ??= this.repeated.labels(labels)).inc();
  }

  private seriesOf(name: string, labels: Readonly<Record<string, string>>): BoundSeries {
    let series = this.bound.get(name);
    if (series === undefined) {
      series = { recorded: this.recorded.labels(labels), time: [] };
      if (this.bound.size < MAX_BOUND) this.bound.set(name, series);
    }
    return series;
  }
}
