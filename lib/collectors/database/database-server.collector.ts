import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { findSqlSources, type SqlRow, type SqlSource } from '../../integrations/sql/sql-sources.js';
import type { Gauge } from '../../metrics/gauge.js';
import type { SourceCollector } from '../source.collector.js';
import type { ResolvedDatabaseCollector } from './database.options.js';

/** Sends a statement and gives back the rows. */
export type Ask = (sql: string) => Promise<readonly SqlRow[]>;

/** What is read of database servers of one kind, on a beat, by the connections that the application has. */
export abstract class DatabaseServerCollector implements SourceCollector {
  abstract readonly name: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** As long as the application reaches no such server. */
  isIdle = true;
  protected readonly tableLimit: number;
  private readonly shown: Gauge<string>[] = [];

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
    return this.shown.map(({ name }) => name);
  }

  /**
   * Ends when every server has answered, so that a server that does not is not asked again meanwhile, and at most one
   * connection waits for it.
   */
  async collect(signal: AbortSignal): Promise<void> {
    const sources = findSqlSources(this.objects).filter(({ system }) => this.systems.includes(system));
    this.isIdle = sources.length === 0;
    const shows = await Promise.allSettled(sources.map((source) => this.read(source, signal)));
    for (const gauge of this.shown) gauge.reset();
    for (const show of shows) if (show.status === 'fulfilled') show.value();
    const failed = shows.find((show) => show.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  /** Asks one server, one statement after the other; what comes back shows the answers. */
  protected abstract answersOf(source: string, ask: Ask): Promise<() => void>;

  /** A gauge that is left out while the server does not answer. */
  protected owned<L extends string>(gauge: Gauge<L>): Gauge<L> {
    this.shown.push(gauge);
    return gauge;
  }

  private read(source: SqlSource, signal: AbortSignal): Promise<() => void> {
    return this.answersOf(source.name, (sql) => {
      if (signal.aborted) return Promise.reject(new Error('its time was over'));
      return source.query(sql, signal);
    });
  }
}

/** A number of a row: 64-bit ones come as text. */
export function numberIn(row: SqlRow | undefined, column: string): number | undefined {
  const value = row?.[column];
  if (value === null || value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

export function textIn(row: SqlRow, column: string): string {
  const value = row[column];
  return typeof value === 'string' && value !== '' ? value : 'unknown';
}
