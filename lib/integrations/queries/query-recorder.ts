import type { Clock } from '../../metrics/clock.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import { instrumentationGuard } from '../../metrics/error-reports.js';
import type { HistogramSeries } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import type { Guard } from '../../primitives/guard.js';
import { boundedLabelValue, LabelValues } from '../../primitives/label-values.js';
import { ownText } from '../../primitives/own-text.js';
import { RecentValues } from '../../primitives/recent-values.js';
import { SharedWatches } from '../shared-watches.js';
import { classifyScript, type QueryClass, type ScriptClass, type TransactionEvent } from './query-class.js';
import { queryErrorClass } from './query-error.js';
import { dialectOf, type SqlDialect } from './sql-dialect.js';
import { readPartOf } from './sql-tokens.js';

/** From half a millisecond, which an embedded database takes, to where nobody waits any more. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Limits of the cache of statements by their text, in number and in UTF-16 code units of all of them. */
const KNOWN_STATEMENTS = 1_000;
const KNOWN_LENGTH = 2_000_000;
/** Limit of the cache of series by operation and table, in number. */
const KNOWN_SERIES = 500;

/** What PostgreSQL answers to a COMMIT of a transaction in which a statement has failed. */
const ROLLED_BACK = 'ROLLBACK';

export interface QueryRecorderOptions {
  /** Duration above which a statement counts as slow, in milliseconds. */
  readonly slowQueryThresholdMs: number;
  /** Number of tables that have series of their own. */
  readonly tableLimit: number;
}

/** The series in which statements of one kind are counted. */
interface QuerySeries {
  readonly operation: string;
  readonly durations: HistogramSeries;
  readonly slow: CounterSeries;
}

/** A text of SQL that has been read. Nothing of the text is in it. */
interface KnownStatement extends Omit<ScriptClass, 'query'> {
  readonly series: QuerySeries;
}

/** Counts the statements of an application, whichever library sends them. */
export class QueryRecorder {
  /** The guard of what is put into the calls of clients of databases. */
  readonly guard: Guard;
  /** The connections and clients that are watched, each once however it is reached. */
  readonly watches = new SharedWatches();

  private readonly durations: Timer<'system' | 'operation' | 'table'>;
  private readonly slow: Counter<'system' | 'operation' | 'table'>;
  private readonly errors: Counter<'system' | 'operation' | 'error'>;
  private readonly transactions: Counter<'system' | 'event'>;
  private readonly tables: LabelValues;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    private readonly options: QueryRecorderOptions,
  ) {
    this.guard = instrumentationGuard(registry, 'database');
    this.tables = new LabelValues(options.tableLimit);
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

  /** Returns the time, for {@link SystemRecorder.end}. */
  now(): number {
    return this.clock.monotonic();
  }

  /**
   * Returns the recorder for databases of one kind.
   *
   * @param system the name of the database in OpenTelemetry, such as `postgresql`
   */
  forSystem(system: string): SystemRecorder {
    return new SystemRecorder(this, boundedLabelValue(system), dialectOf(system));
  }

  /** @internal */
  seriesOf(system: string, { operation, table }: QueryClass): QuerySeries {
    const labels = { system, operation, table: this.tables.of(table) };
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
    if (error !== undefined) this.errors.inc({ system, operation, error: queryErrorClass(error) });
  }

  /** @internal */
  recordTransaction(system: string, event: TransactionEvent): void {
    this.transactions.inc({ system, event });
  }
}

/** Counts the statements that go to databases of one kind. */
export class SystemRecorder {
  /** By text, because an application sends the same statements again and again. */
  private readonly known = new RecentValues<KnownStatement>(KNOWN_STATEMENTS, KNOWN_LENGTH);
  private readonly series = new Map<string, QuerySeries>();

  constructor(
    private readonly recorder: QueryRecorder,
    private readonly system: string,
    private readonly dialect: SqlDialect,
  ) {}

  now(): number {
    return this.recorder.now();
  }

  /**
   * Counts a text of SQL that has ended.
   *
   * @param startedAt from {@link now}
   * @param error what it failed with, if it did
   * @param answers the command that the server says it has executed, for each statement of the text, where known
   */
  end(sql: string, startedAt: number, error?: unknown, answers?: readonly unknown[]): void {
    const text = readPartOf(sql);
    const known = this.known.get(text) ?? this.read(text);
    this.recorder.record(this.system, known.series, startedAt, error);
    if (error !== undefined) return;
    for (const { position, event, chains } of known.transactionSteps) {
      const answer = answers?.length === known.statementCount ? answers[position] : undefined;
      const isRolledBack = event === 'committed' && answer === ROLLED_BACK;
      this.recorder.recordTransaction(this.system, isRolledBack ? 'rolled_back' : event);
      if (chains) this.recorder.recordTransaction(this.system, 'begun');
    }
  }

  /**
   * Counts a command that is no SQL and has ended.
   *
   * @param milliseconds its duration
   * @param error what it failed with, if it did
   */
  endCommand(query: QueryClass, milliseconds: number, error?: unknown): void {
    this.recorder.record(this.system, this.seriesOf(query), this.now() - milliseconds, error);
  }

  /** Counts an event of a transaction that no statement of SQL asks for. */
  endTransactionStep(event: TransactionEvent): void {
    this.recorder.recordTransaction(this.system, event);
  }

  private read(sql: string): KnownStatement {
    const { query, ...script } = classifyScript(sql, this.dialect);
    const known = { ...script, series: this.seriesOf(query) };
    this.known.set(sql, known);
    return known;
  }

  private seriesOf(query: QueryClass): QuerySeries {
    const key = `${query.operation} ${query.table}`;
    let series = this.series.get(key);
    if (series === undefined) {
      series = this.recorder.seriesOf(this.system, query);
      if (this.series.size >= KNOWN_SERIES) this.series.clear();
      this.series.set(ownText(key), series);
    }
    return series;
  }
}
