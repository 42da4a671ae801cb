import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import {
  boundsFor,
  DATABASE_DURATION_BOUNDS,
  ERROR_DETAIL,
} from '../../metrics/conventions/semantic-recording.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import { instrumentationGuard } from '../../metrics/error-guards.js';
import type { HistogramSeries } from '../../metrics/histogram.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import type { Guard } from '../../primitives/guard.js';
import { boundedLabelValue, BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import { copyString } from '../../primitives/copy-string.js';
import { BoundedCache } from '../bounded-cache.js';
import {
  type OperationScope,
  type OperationWait,
  type OperationWaits,
  type WaitedCall,
  WaitedCalls,
} from '../operation-waits.js';
import { SharedWatches } from '../shared-watches.js';
import { classifyScript, type QueryClass, type ScriptClass, type TransactionEvent } from './query-class.js';
import { queryErrorClass, queryErrorCode } from './query-error.js';
import { queryShape } from './query-shape.js';
import { dialectOf, type SqlDialect } from './sql-dialect.js';
import { readPartOf } from './sql-tokens.js';
import { DATABASE_METRICS } from '../../metrics/metric-names.js';

/** Buckets in seconds, from half a millisecond (an embedded database) to ten seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Number of statements that are cached by their text. */
const MAX_STATEMENTS = 1_000;
/** Length of all cached texts together, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 2_000_000;
/** Number of distinct codes of errors; PostgreSQL has some 250, of which an application sees a few. */
const MAX_ERROR_CODES = 100;
/** Number of series that are cached by operation and table. */
const MAX_SERIES = 500;

/** The command tag of a COMMIT that PostgreSQL turned into a rollback, because a statement had failed. */
const ROLLED_BACK = 'ROLLBACK';

/** The options of {@link QueryRecorder}. */
export interface QueryRecorderOptions {
  /** Duration above which a statement is slow, in milliseconds. */
  readonly slowQueryThresholdMs: number;
  /** Number of tables with series of their own. */
  readonly maxTables: number;
  /** Convention of the metrics; with any, failed statements have durations of their own. @default no such details */
  readonly convention?: Convention | undefined;
}

/** The series of the statements with the same operation and table. */
interface QuerySeries {
  readonly operation: string;
  readonly table: string;
  readonly durations: HistogramSeries;
  readonly slow: CounterSeries;
}

/** The class of a text of SQL, with its series. It keeps no part of the text alive. */
interface KnownStatement extends Omit<ScriptClass, 'query'> {
  readonly series: QuerySeries;
  /** The statement by its shape. Created on first use, since only recorded operations need it. */
  call?: WaitedCall;
}

/** A statement that the application has sent. */
export interface StartedStatement {
  /** Start time, in milliseconds on the monotonic clock. */
  readonly startedAt: number;
  /** The wait of the operation that sent it; undefined if no operation is recorded. */
  readonly wait: OperationWait | undefined;
}

/** A recorder of the statements that the application sends to databases, with any library. */
export class QueryRecorder {
  /** The guard that keeps our errors out of the calls of the application. */
  readonly guard: Guard;
  /** The watches of connections and clients, which may be reached in several ways. */
  readonly watches = new SharedWatches();

  private readonly durations: Timer<string>;
  private readonly slow: Counter<'system' | 'operation' | 'table'>;
  private readonly errors: Counter<'system' | 'operation' | 'error'>;
  private readonly transactions: Counter<'system' | 'event'>;
  private readonly tables: BoundedLabelValues;
  /** The codes of errors; undefined without details. */
  private readonly errorCodes: BoundedLabelValues | undefined;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    private readonly options: QueryRecorderOptions,
    /** The operations of the application that wait for statements; undefined if none is recorded. */
    readonly operations?: OperationWaits,
  ) {
    this.guard = instrumentationGuard(registry, 'database');
    this.tables = new BoundedLabelValues(options.maxTables);
    const labelNames = ['system', 'operation', 'table'] as const;
    const { convention } = options;
    this.errorCodes = convention && new BoundedLabelValues(MAX_ERROR_CODES);
    this.durations = registry.timer<string>(DATABASE_METRICS.duration, 'Duration of database statements.', {
      labelNames: convention === undefined ? labelNames : [...labelNames, ERROR_DETAIL],
      buckets: boundsFor(convention, BUCKETS, DATABASE_DURATION_BOUNDS),
    });
    this.slow = registry.counter(
      DATABASE_METRICS.slow,
      'Database statements that took longer than the slow query threshold.',
      { labelNames },
    );
    this.errors = registry.counter(
      DATABASE_METRICS.errors,
      'Database statements that failed, by class of error.',
      {
        labelNames: ['system', 'operation', 'error'],
      },
    );
    this.transactions = registry.counter(
      DATABASE_METRICS.transactions,
      'Database transactions begun, committed and rolled back.',
      { labelNames: ['system', 'event'] },
    );
  }

  /** Returns the current time, for {@link StartedStatement}. */
  now(): number {
    return this.clock.monotonic();
  }

  /**
   * Returns the recorder for one database system.
   *
   * @param system name of the system in OpenTelemetry, such as `postgresql`
   */
  forSystem(system: string): SystemRecorder {
    return new SystemRecorder(this, boundedLabelValue(system), dialectOf(system));
  }

  /** @internal */
  seriesOf(system: string, { operation, table }: QueryClass): QuerySeries {
    const labels = { system, operation, table: this.tables.of(table) };
    return {
      operation,
      table: labels.table,
      durations: this.durations.labels(
        this.errorCodes === undefined ? labels : { ...labels, [ERROR_DETAIL]: '' },
      ),
      slow: this.slow.labels(labels),
    };
  }

  /** @internal */
  record(
    system: string,
    { operation, table, durations, slow }: QuerySeries,
    startedAt: number,
    error: unknown,
  ): void {
    const milliseconds = this.clock.monotonic() - startedAt;
    if (error === undefined || this.errorCodes === undefined) durations.observe(milliseconds / 1000);
    else {
      const code = this.errorCodes.of(queryErrorCode(error));
      this.durations.observe({ system, operation, table, [ERROR_DETAIL]: code }, milliseconds / 1000);
    }
    if (milliseconds > this.options.slowQueryThresholdMs) slow.inc();
    if (error !== undefined) this.errors.inc({ system, operation, error: queryErrorClass(error) });
  }

  /** @internal */
  recordTransaction(system: string, event: TransactionEvent): void {
    this.transactions.inc({ system, event });
  }
}

/** The statements that bound a transaction, set something for others, or read the rows of a cursor. */
const AUXILIARY =
  /^(?:abort|abortTransaction|begin|close|commit|commitTransaction|declare|end|fetch|move|release|reset|rollback|savepoint|set|start)\b/i;

/** A recorder of the statements that the application sends to one database system. */
export class SystemRecorder {
  /** The classes by text, since an application repeats its statements. */
  private readonly known = new BoundedCache<KnownStatement>(MAX_STATEMENTS, MAX_TEXT_LENGTH);
  private readonly series = new Map<string, QuerySeries>();
  private readonly calls: WaitedCalls;

  constructor(
    private readonly recorder: QueryRecorder,
    private readonly system: string,
    private readonly dialect: SqlDialect,
  ) {
    this.calls = new WaitedCalls('database', system, AUXILIARY);
  }

  /**
   * Begins a statement.
   *
   * @param sql its text; undefined if it becomes known at its end
   */
  begin(sql: string | undefined): StartedStatement {
    const startedAt = this.recorder.now();
    const { operations } = this.recorder;
    const wait =
      operations?.current === undefined
        ? undefined
        : operations.begin('database', sql === undefined ? undefined : this.callOf(sql, this.knownOf(sql)));
    return { startedAt, wait };
  }

  /**
   * Records a text of SQL that has ended.
   *
   * @param started result of {@link begin}
   * @param error the error, if it failed
   * @param commandTags the tag that the server returned for each statement of the text, if known
   */
  end(
    sql: string,
    { startedAt, wait }: StartedStatement,
    error?: unknown,
    commandTags?: readonly unknown[],
  ): void {
    const known = this.knownOf(sql);
    wait?.end(this.callOf(sql, known), error !== undefined);
    this.recorder.record(this.system, known.series, startedAt, error);
    if (error !== undefined) return;
    for (const { position, event, chains } of known.transactionSteps) {
      const tag = commandTags?.length === known.statementCount ? commandTags[position] : undefined;
      const isRolledBack = event === 'committed' && tag === ROLLED_BACK;
      this.recorder.recordTransaction(this.system, isRolledBack ? 'rolled_back' : event);
      if (chains) this.recorder.recordTransaction(this.system, 'begun');
    }
  }

  /**
   * Records a text of SQL that has ended, and succeeded as far as its client says.
   *
   * @param milliseconds duration
   * @param operations the operations of the application, if it ends in the async context of the one that sent it
   */
  endMeasured(sql: string, milliseconds: number, operations?: OperationWaits): void {
    this.end(sql, { startedAt: this.recorder.now() - milliseconds, wait: undefined });
    if (operations?.current !== undefined) {
      operations.add(this.callOf(sql, this.knownOf(sql)), milliseconds);
    }
  }

  /**
   * Returns the context for sending a statement from the place in the application that asks for it now; undefined if no
   * operation is recorded.
   */
  askFor(sql: string): OperationScope | undefined {
    const { operations } = this.recorder;
    return operations?.current === undefined
      ? undefined
      : operations.askFor(this.callOf(sql, this.knownOf(sql)));
  }

  /** Returns a call that is no statement, by its text without values. */
  callNamed(name: string): WaitedCall {
    return this.calls.of(name);
  }

  /**
   * Begins the wait for a command of a database without SQL; undefined if no operation is recorded.
   *
   * @param shapeOf returns its text without values; undefined if it is part of another one
   */
  beginCommand(shapeOf: () => string | undefined): OperationWait | undefined {
    const { operations } = this.recorder;
    if (operations?.current === undefined) return undefined;
    const shape = shapeOf();
    return operations.begin('database', shape === undefined ? undefined : this.calls.of(shape));
  }

  /**
   * Records a command of a database without SQL that has ended.
   *
   * @param milliseconds duration of the command
   * @param error the error, if it failed
   */
  endCommand(query: QueryClass, milliseconds: number, error?: unknown): void {
    this.recorder.record(this.system, this.seriesOf(query), this.recorder.now() - milliseconds, error);
  }

  /** Records a transaction event of a database without SQL. */
  recordTransaction(event: TransactionEvent): void {
    this.recorder.recordTransaction(this.system, event);
  }

  private knownOf(sql: string): KnownStatement {
    const text = readPartOf(sql);
    return this.known.get(text) ?? this.classify(text);
  }

  private callOf(sql: string, known: KnownStatement): WaitedCall {
    return (known.call ??= this.calls.of(queryShape(sql, this.dialect)));
  }

  private classify(sql: string): KnownStatement {
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
      if (this.series.size >= MAX_SERIES) this.series.clear();
      this.series.set(copyString(key), series);
    }
    return series;
  }
}
