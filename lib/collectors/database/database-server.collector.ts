import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { findSqlSources, type SqlRow, type SqlSource } from '../../integrations/sql/sql-sources.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { ResolvedDatabaseCollector } from './database.options.js';
import { type GaugesOf, registerGauges, type ServerMetrics } from './server-metrics.js';

/** A function that runs a statement and returns its rows. */
export type RunQuery = (sql: string) => Promise<readonly SqlRow[]>;

/** A scheduled collector of database servers of one kind, read over the connections of the application. */
export abstract class DatabaseServerCollector implements ManagedCollector {
  abstract readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** True while the application is connected to no server of this kind. */
  isIdle = true;
  protected readonly tableLimit: number;
  private readonly resettable: Gauge<string>[] = [];

  constructor(
    private readonly objects: ApplicationObjects,
    private readonly systems: readonly string[],
    options: ResolvedDatabaseCollector,
  ) {
    this.intervalMs = options.intervalMs;
    this.timeoutMs = options.timeoutMs;
    this.tableLimit = options.tableLimit;
  }

  get metricNames(): readonly string[] {
    return this.resettable.map(({ name }) => name);
  }

  /** Resolves when every server has responded, so that a hanging server occupies at most one connection. */
  async collect(signal: AbortSignal): Promise<void> {
    const sources = findSqlSources(this.objects).filter(({ system }) => this.systems.includes(system));
    this.isIdle = sources.length === 0;
    const updates = await Promise.allSettled(sources.map((source) => this.readSource(source, signal)));
    for (const gauge of this.resettable) gauge.reset();
    for (const update of updates) if (update.status === 'fulfilled') update.value();
    const failed = updates.find((update) => update.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Queries one server, one statement after the other, and returns a function that updates the metrics. */
  protected abstract read(source: string, query: RunQuery): Promise<() => void>;

  /** Registers gauges that are left out while the server does not respond. */
  protected ownGauges<D extends ServerMetrics>(registry: MetricsRegistry, definitions: D): GaugesOf<D> {
    const gauges = registerGauges(registry, definitions);
    this.resettable.push(...(Object.values(gauges) as Gauge<string>[]));
    return gauges;
  }

  private readSource(source: SqlSource, signal: AbortSignal): Promise<() => void> {
    return this.read(source.name, (sql) => {
      if (signal.aborted) return Promise.reject(new Error('the time limit of the run was exceeded'));
      return source.query(sql, signal);
    });
  }
}
