import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { DatabaseClients } from '../../integrations/database-clients.js';
import type { OperationWaits } from '../../integrations/operation-waits.js';
import type { QueryMetricsOptions } from '../../integrations/queries/query-metrics.js';
import { QueryRecorder } from '../../integrations/queries/query.recorder.js';
import type { Clock } from '../../metrics/clock.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import { DATABASE_METRICS } from '../../metrics/metric-names.js';

/** Bucket bounds of the wait for a connection, in seconds. */
const WAIT_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** A collector of the statements that the application sends to its databases, and of its connection pools. */
export class DatabaseClientsCollector implements ManagedCollector {
  readonly name = 'database_clients';
  readonly metricNames: readonly string[];
  /** True while the application has no database client. */
  isIdle = true;

  private readonly clients: DatabaseClients;
  private readonly connections: Gauge<'pool' | 'state'>;
  private readonly pending: Gauge<'pool'>;
  private readonly max: Gauge<'pool'>;

  constructor(
    objects: ApplicationObjects,
    registry: MetricsRegistry,
    clock: Clock,
    options: QueryMetricsOptions,
    operations?: OperationWaits,
  ) {
    this.connections = registry.gauge(
      DATABASE_METRICS.connections,
      'Connections in a pool, by state: used or idle.',
      {
        labelNames: ['pool', 'state'],
      },
    );
    this.pending = registry.gauge(DATABASE_METRICS.pending, 'Callers waiting for a connection from a pool.', {
      labelNames: ['pool'],
    });
    this.max = registry.gauge(DATABASE_METRICS.max, 'Maximum number of connections in a pool.', {
      labelNames: ['pool'],
    });
    this.metricNames = [this.connections.name, this.pending.name, this.max.name];
    const waits = registry.timer(DATABASE_METRICS.wait, 'Time to obtain a connection from a pool.', {
      labelNames: ['pool'],
      buckets: WAIT_BUCKETS,
    });
    this.clients = new DatabaseClients(
      objects,
      new QueryRecorder(registry, clock, options, operations),
      clock,
      (pool) => {
        const series = waits.labels({ pool });
        return (seconds) => series.observe(seconds);
      },
    );
  }

  start(): void {
    this.clients.refresh();
  }

  stop(): void {
    this.clients.stop();
  }

  collect(): void {
    this.isIdle = this.clients.refresh() === 0;
    // A closed pool has no series.
    for (const gauge of [this.connections, this.pending, this.max]) gauge.reset();
    for (const { name: pool, state } of this.clients.poolStates()) {
      this.connections.set({ pool, state: 'used' }, state.used);
      this.connections.set({ pool, state: 'idle' }, state.idle);
      this.pending.set({ pool }, state.pending);
      if (state.max !== undefined) this.max.set({ pool }, state.max);
    }
  }
}
