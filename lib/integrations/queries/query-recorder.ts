import type { Clock } from '../../metrics/clock.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { HistogramSeries } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import { classifySql, type QueryClass } from './query-class.js';
import { queryErrorClass } from './query-error.js';

/** From half a millisecond, which an embedded database takes, to where nobody waits any more. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** How many different statements are known by their text, and how long these may be: beyond, they are read anew. */
const KNOWN_STATEMENTS = 500;
const LONGEST_KNOWN = 4_000;

/** The table that stands for all that came when there were as many as there may be. */
const FURTHER_TABLES = 'other';

const TRANSACTION_EVENTS: Partial<Record<string, string>> = {
  begin: 'begun',
  commit: 'committed',
  rollback: 'rolled_back',
};

export interface QueryRecorderOptions {
  /** A statement that took longer counts as slow. */
  readonly slowQueryThresholdMs: number;
  /** How many tables have series of their own. */
  readonly tableLimit: number;
}

/** What statements of one kind are counted in. */
interface QuerySeries {
  readonly operation: string;
  readonly durations: HistogramSeries;
  readonly slow: CounterSeries;
}

/** Counts the statements of an application, whichever library sends them. */
export class QueryRecorder {
  private readonly durations: Timer<'system' | 'operation' | 'table'>;
  private readonly slow: Counter<'system' | 'operation' | 'table'>;
  private readonly errors: Counter<'system' | 'operation' | 'error'>;
  private readonly transactions: Counter<'system' | 'event'>;
  private readonly tables = new Set<string>();

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    private readonly options: QueryRecorderOptions,
  ) {
    const labelNames = ['system', 'operation', 'table'] as const;
    this.durations = registry.timer(
      'db_client_operation_duration_seconds',
      'How long statements took that the application sent to a database.',
      { labelNames, buckets: BUCKETS },
    );
    this.slow = registry.counter(
      'db_client_slow_operations_total',
      'Statements that took longer than the threshold of slow queries.',
      { labelNames },
    );
    this.errors = registry.counter('db_client_operation_errors_total', 'Statements that failed, by reason.', {
      labelNames: ['system', 'operation', 'error'],
    });
    this.transactions = registry.counter(
      'db_client_transactions_total',
      'Transactions that the application has begun, committed and rolled back.',
      { labelNames: ['system', 'event'] },
    );
  }

  /** When a statement began, for {@link SystemRecorder.end}. */
  now(): number {
    return this.clock.monotonic();
  }

  /** @param system what the database is called in OpenTelemetry, such as `postgresql` */
  forSystem(system: string): SystemRecorder {
    return new SystemRecorder(this, system);
  }

  /** @internal */
  seriesOf(system: string, { operation, table }: QueryClass): QuerySeries {
    const labels = { system, operation, table: this.boundedTable(table) };
    return { operation, durations: this.durations.labels(labels), slow: this.slow.labels(labels) };
  }

  /** @internal */
  record(
    system: string,
    { operation, durations, slow }: QuerySeries,
    startedAt: number,
    error: unknown,
  ): void {
    const milliseconds = this.clock.monotonic() - startedAt;
    durations.observe(milliseconds / 1000);
    if (milliseconds > this.options.slowQueryThresholdMs) slow.inc();
    if (error !== undefined) {
      this.errors.inc({ system, operation, error: queryErrorClass(error) });
      return;
    }
    const event = TRANSACTION_EVENTS[operation];
    if (event !== undefined) this.transactions.inc({ system, event });
  }

  private boundedTable(table: string): string {
    if (!this.tables.has(table)) {
      if (this.tables.size >= this.options.tableLimit) return FURTHER_TABLES;
      this.tables.add(table);
    }
    return table;
  }
}

/** Counts the statements that go to databases of one kind. Never throws. */
export class SystemRecorder {
  /** By text, because an application sends the same statements again and again. */
  private readonly known = new Map<string, QuerySeries>();
  private readonly series = new Map<string, QuerySeries>();

  constructor(
    private readonly recorder: QueryRecorder,
    private readonly system: string,
  ) {}

  now(): number {
    return this.recorder.now();
  }

  /**
   * A statement of SQL has ended.
   *
   * @param startedAt from {@link now}
   * @param error what it failed with, if it did
   */
  end(sql: string, startedAt: number, error?: unknown): void {
    let series = this.known.get(sql);
    if (series === undefined) {
      series = this.seriesOf(classifySql(sql));
      if (this.known.size >= KNOWN_STATEMENTS) this.known.clear();
      if (sql.length <= LONGEST_KNOWN) this.known.set(sql, series);
    }
    this.recorder.record(this.system, series, startedAt, error);
  }

  /** As {@link end}, for what is no SQL. */
  endClassified(query: QueryClass, startedAt: number, error?: unknown): void {
    this.recorder.record(this.system, this.seriesOf(query), startedAt, error);
  }

  /** As {@link endClassified}, for whoever was only told how long it took. */
  endAfter(query: QueryClass, milliseconds: number, error?: unknown): void {
    this.endClassified(query, this.now() - milliseconds, error);
  }

  private seriesOf(query: QueryClass): QuerySeries {
    const key = `${query.operation} ${query.table}`;
    let series = this.series.get(key);
    if (series === undefined) {
      series = this.recorder.seriesOf(this.system, query);
      if (this.series.size >= KNOWN_STATEMENTS) this.series.clear();
      this.series.set(key, series);
    }
    return series;
  }
}
