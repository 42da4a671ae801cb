import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Operation } from './operation.js';
import { TIME_PARTS } from './time-parts.js';
import { WAIT_METRICS, type WaitMetricsDefinition, type WaitMetricsName } from './wait-metric-names.js';

/** The metrics of what one sort of operation waits for. */
export class WaitMetrics {
  private readonly time: Counter<string>;
  private readonly queries: Counter<string>;
  private readonly repeated: Counter<string>;
  private readonly recorded: Counter<string>;

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

  /** Counts an operation that has ended. */
  count(operation: Operation, labels: Readonly<Record<string, string>>): void {
    const { parts, statements } = operation;
    this.recorded.inc(labels);
    for (const part of TIME_PARTS) {
      const milliseconds = parts.of(part);
      if (milliseconds > 0) this.time.inc({ ...labels, part }, milliseconds / 1000);
    }
    if (statements > 0) this.queries.inc(labels, statements);
    if (operation.repeats(this.repeatedCalls)) this.repeated.inc(labels);
  }
}
