import type { Clock } from '../../metrics/clock.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import type { Guard } from '../../primitives/guard.js';
import type { OperationWaits } from '../operation-waits.js';
import { SharedWatches } from '../shared-watches.js';
import { QueryMetrics, type QueryMetricsOptions } from './query-metrics.js';
import { dialectOf } from './sql-dialect.js';
import { SystemRecorder } from './system.recorder.js';

/** A recorder of the statements that the application sends to databases, with any library. */
export class QueryRecorder {
  /** The guard that keeps our errors out of the calls of the application. */
  readonly guard: Guard;
  /** The watches of connections and clients, which may be reached in several ways. */
  readonly watches = new SharedWatches();

  private readonly metrics: QueryMetrics;

  constructor(
    registry: MetricsRegistry,
    clock: Clock,
    options: QueryMetricsOptions,
    /** The operations of the application that wait for statements; undefined if none is recorded. */
    readonly operations?: OperationWaits,
  ) {
    this.guard = instrumentationGuard(registry, 'database');
    this.metrics = new QueryMetrics(registry, clock, options);
  }

  /** Returns the current time, in milliseconds on the monotonic clock. */
  now(): number {
    return this.metrics.now();
  }

  /**
   * Returns the recorder for one database system.
   *
   * @param system name of the system in OpenTelemetry, such as `postgresql`
   */
  forSystem(system: string): SystemRecorder {
    return new SystemRecorder(this.metrics, this.operations, boundedLabelValue(system), dialectOf(system));
  }
}
