import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { DatabaseClients } from '../../integrations/database-clients.js';
import { QueryRecorder, type QueryRecorderOptions } from '../../integrations/queries/query-recorder.js';
import type { Clock } from '../../metrics/clock.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { SourceCollector } from '../source.collector.js';

/** From half a millisecond to where an application has no connection to give. */
const WAIT_BUCKETS = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** The statements that the application sends to its databases, and the pools of connections that it has for them. */
export class DatabaseClientsCollector implements SourceCollector {
  readonly name = 'database_clients';
  readonly metricNames: readonly string[];
  /** As long as the application has no client of a database. */
  isIdle = true;

  private readonly clients: DatabaseClients;
  private readonly connections: Gauge<'pool' | 'state'>;
  private readonly pending: Gauge<'pool'>;
  private readonly max: Gauge<'pool'>;

  constructor(
    objects: ApplicationObjects,
    registry: MetricsRegistry,
    clock: Clock,
    options: QueryRecorderOptions,
  ) {
    this.connections = registry.gauge(
      'db_client_connections',
      'Connections that a pool has, in use or idle.',
      {
        labelNames: ['pool', 'state'],
      },
    );
    this.pending = registry.gauge(
      'db_client_connections_pending',
      'How many wait for a connection of a pool.',
      { labelNames: ['pool'] },
    );
    this.max = registry.gauge('db_client_connections_max', 'How many connections a pool may have.', {
      labelNames: ['pool'],
    });
    this.metricNames = [this.connections.name, this.pending.name, this.max.name];
    const waits = registry.timer(
      'db_client_connection_wait_seconds',
      'How long it took to get a connection of a pool.',
      { labelNames: ['pool'], buckets: WAIT_BUCKETS },
    );
    this.clients = new DatabaseClients(
      objects,
      new QueryRecorder(registry, clock, options),
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
    // A pool that there is not any more has no series.
    for (const gauge of [this.connections, this.pending, this.max]) gauge.reset();
    for (const { name: pool, state } of this.clients.poolStates()) {
      this.connections.set({ pool, state: 'used' }, state.used);
      this.connections.set({ pool, state: 'idle' }, state.idle);
      this.pending.set({ pool }, state.pending);
      if (state.max !== undefined) this.max.set({ pool }, state.max);
    }
  }
}
