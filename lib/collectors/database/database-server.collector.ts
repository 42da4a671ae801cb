import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { findSqlSources, type SqlRow, type SqlSource } from '../../integrations/sql/sql-sources.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { ManagedCollector } from '../managed-collector.js';
import type { ServerStatisticsOptions } from './database.options.js';
import {
  type CountersOf,
  type GaugesOf,
  registerCounters,
  registerGauges,
  type ServerMetric,
  type ServerMetrics,
} from './server-metrics.js';
import { type TableLabel, TableStatistics } from './table-statistics.js';

/** A function that runs a statement and returns its rows. */
export type RunQuery = (sql: string) => Promise<readonly SqlRow[]>;

/** Metrics of tables, by the column of the statistics that each one shows. */
type TableMetrics = Readonly<Record<string, ServerMetric & { readonly labelNames: readonly TableLabel[] }>>;

/** The definition of one kind of database server. */
export interface DatabaseServerDefinition {
  /** Names of the database systems, as in OpenTelemetry. */
  readonly systems: readonly string[];
  readonly gauges: ServerMetrics;
  readonly counters: ServerMetrics;
  readonly tableGauges: TableMetrics;
  readonly tableCounters: TableMetrics;
}

/** A scheduled collector of database servers of one kind, read over the connections of the application. */
export abstract class DatabaseServerCollector<
  D extends DatabaseServerDefinition,
> implements ManagedCollector {
  abstract readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** True while the application is connected to no server of this kind. */
  isIdle = true;
  /** Gauges of the server; they are left out while it does not respond. */
  protected readonly gauges: GaugesOf<D['gauges']>;
  protected readonly counters: CountersOf<D['counters']>;
  protected readonly tables: TableStatistics;
  private readonly resettable: readonly Gauge<string>[];

  constructor(
    private readonly definition: D,
    private readonly objects: ApplicationObjects,
    registry: MetricsRegistry,
    options: ServerStatisticsOptions,
  ) {
    this.intervalMs = options.intervalMs;
    this.timeoutMs = options.timeoutMs;
    this.gauges = registerGauges<D['gauges']>(registry, definition.gauges);
    this.counters = registerCounters<D['counters']>(registry, definition.counters);
    const tableCounters = registerCounters(registry, definition.tableCounters);
    const tableGauges = registerGauges(registry, definition.tableGauges);
    this.tables = new TableStatistics(tableCounters, tableGauges, options.maxTables);
    this.resettable = [this.gauges, tableGauges].flatMap((gauges) => Object.values<Gauge<string>>(gauges));
  }

  get metricNames(): readonly string[] {
    return this.resettable.map(({ name }) => name);
  }

  /** Resolves when every server has responded, so that a hanging server occupies at most one connection. */
  async collect(signal: AbortSignal): Promise<void> {
    const sources = findSqlSources(this.objects).filter(({ system }) =>
      this.definition.systems.includes(system),
    );
    this.isIdle = sources.length === 0;
    const updates = await Promise.allSettled(sources.map((source) => this.readSource(source, signal)));
    for (const gauge of this.resettable) gauge.reset();
    for (const update of updates) if (update.status === 'fulfilled') update.value();
    const failed = updates.find((update) => update.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Queries one server, one statement after the other, and returns a function that updates the metrics. */
  protected abstract read(source: string, query: RunQuery): Promise<() => void>;

  private readSource(source: SqlSource, signal: AbortSignal): Promise<() => void> {
    return this.read(source.name, (sql) => {
      if (signal.aborted) return Promise.reject(new Error('the time limit of the run was exceeded'));
      return source.query(sql, signal);
    });
  }
}
