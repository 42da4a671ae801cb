import { copyString } from '../../primitives/copy-string.js';
import { BoundedCache } from '../bounded-cache.js';
import {
  type AskedScope,
  type OperationWait,
  type OperationWaits,
  type WaitedCall,
  WaitedCalls,
} from '../operation-waits.js';
import { classifyScript, type QueryClass, type ScriptClass, type TransactionEvent } from './query-class.js';
import type { QueryMetrics, QuerySeries } from './query-metrics.js';
import { queryShape } from './query-shape.js';
import type { SqlDialect } from './sql-dialect.js';
import { readPartOf } from './sql-tokens.js';

/** Number of statements that are cached by their text. */
const MAX_STATEMENTS = 1_000;
/** Length of all cached texts together, in UTF-16 code units. */
const MAX_TEXT_LENGTH = 2_000_000;
/** Number of series that are cached by operation and table. */
const MAX_SERIES = 500;

/** The command tag of a COMMIT that PostgreSQL turned into a rollback, because a statement had failed. */
const ROLLED_BACK = 'ROLLBACK';

/** The statements that bound a transaction, set something for others, or read the rows of a cursor. */
const AUXILIARY =
  /^(?:abort|abortTransaction|begin|close|commit|commitTransaction|declare|end|fetch|move|release|reset|rollback|savepoint|set|start)\b/i;

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

/** A recorder of the statements that the application sends to one database system. */
export class SystemRecorder {
  /** The classes by text, since an application repeats its statements. */
  private readonly known = new BoundedCache<KnownStatement>(MAX_STATEMENTS, MAX_TEXT_LENGTH);
  private readonly series = new Map<string, QuerySeries>();
  private readonly calls: WaitedCalls;

  constructor(
    private readonly metrics: QueryMetrics,
    private readonly operations: OperationWaits | undefined,
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
    const startedAt = this.metrics.now();
    const { operations } = this;
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
    this.metrics.record(this.system, known.series, startedAt, error);
    if (error !== undefined) return;
    for (const { position, event, chains } of known.transactionSteps) {
      const tag = commandTags?.length === known.statementCount ? commandTags[position] : undefined;
      const isRolledBack = event === 'committed' && tag === ROLLED_BACK;
      this.metrics.recordTransaction(this.system, isRolledBack ? 'rolled_back' : event);
      if (chains) this.metrics.recordTransaction(this.system, 'begun');
    }
  }

  /**
   * Records a text of SQL that has ended, and succeeded as far as its client says.
   *
   * @param milliseconds duration
   * @param operations the operations of the application, if it ends in the async context of the one that sent it
   */
  endMeasured(sql: string, milliseconds: number, operations?: OperationWaits): void {
    this.end(sql, { startedAt: this.metrics.now() - milliseconds, wait: undefined });
    if (operations?.current !== undefined) {
      operations.add(this.callOf(sql, this.knownOf(sql)), milliseconds);
    }
  }

  /**
   * Returns the context for sending a statement from the place in the application that asks for it now; undefined if no
   * operation is recorded.
   */
  askFor(sql: string): AskedScope | undefined {
    const { operations } = this;
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
    const { operations } = this;
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
    this.metrics.record(this.system, this.seriesOf(query), this.metrics.now() - milliseconds, error);
  }

  /** Records a transaction event of a database without SQL. */
  recordTransaction(event: TransactionEvent): void {
    this.metrics.recordTransaction(this.system, event);
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
      series = this.metrics.seriesOf(this.system, query);
      if (this.series.size >= MAX_SERIES) this.series.clear();
      this.series.set(copyString(key), series);
    }
    return series;
  }
}
