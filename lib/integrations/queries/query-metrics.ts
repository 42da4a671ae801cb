import type { Clock } from '../../metrics/clock.js';
import type { Convention } from '../../metrics/conventions/conventions.js';
import {
  boundsFor,
  DATABASE_DURATION_BOUNDS,
  ERROR_DETAIL,
} from '../../metrics/conventions/semantic-recording.js';
import type { Counter, CounterSeries } from '../../metrics/counter.js';
import type { HistogramSeries } from '../../metrics/histogram.js';
import { DATABASE_METRICS } from '../../metrics/metric-names.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import type { Timer } from '../../metrics/timer.js';
import { BoundedLabelValues } from '../../primitives/bounded-label-values.js';
import type { QueryClass, TransactionEvent } from './query-class.js';
import { queryErrorClass, queryErrorCode } from './query-error.js';

/** Buckets in seconds, from half a millisecond (an embedded database) to ten seconds. */
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Number of distinct codes of errors; PostgreSQL has some 250, of which an application sees a few. */
const MAX_ERROR_CODES = 100;

/** The options of {@link QueryMetrics}. */
export interface QueryMetricsOptions {
  /** Duration above which a statement is slow, in milliseconds. */
  readonly slowQueryThresholdMs: number;
  /** Number of tables with series of their own. */
  readonly maxTables: number;
  /** Convention of the metrics; with any, failed statements have durations of their own. @default no such details */
  readonly convention?: Convention | undefined;
}

/** The series of the statements with the same operation and table. */
export interface QuerySeries {
  readonly operation: string;
  readonly table: string;
  readonly durations: HistogramSeries;
  readonly slow: CounterSeries;
}

/** The metrics of the statements that the application sends to databases. */
export class QueryMetrics {
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
    private readonly options: QueryMetricsOptions,
  ) {
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

  /** Returns the current time, in milliseconds on the monotonic clock. */
  now(): number {
    return this.clock.monotonic();
  }

  /** Returns the series of a class of statements of a database system. */
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

  /**
   * Records a statement that has ended.
   *
   * @param startedAt result of {@link now}
   * @param error the error, if it failed
   */
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

  /** Records a transaction event. */
  recordTransaction(system: string, event: TransactionEvent): void {
    this.transactions.inc({ system, event });
  }
}
