import type { Clock } from '../../metrics/clock.js';
import type { Operations } from './operations.js';
import type { RecordStore } from './record-store.js';
import type { RecordCause, RequestRecord } from './request-record.js';

/** A selection of {@link RequestRecords.find}. */
export interface RequestRecordQuery {
  /** The slowest of the last hour, the last failures, or a sample of the last minutes. @default 'slowest' */
  readonly list?: 'slowest' | 'failures' | 'samples';
  /** Name of the operation, such as `GET /orders/:id`. @default every operation */
  readonly name?: string;
  /** Maximum number of records. @default 50 */
  readonly limit?: number;
}

/** A cause that several records of one operation share. */
export interface OperationCause {
  /** Name of the operation, such as `GET /orders/:id`. */
  readonly name: string;
  readonly hasFailed: boolean;
  /** The cause in the slowest of the records, of those in which all of it is known. */
  readonly cause: RecordCause;
  /** Number of kept records; not of all operations. */
  readonly count: number;
  /** Duration of the slowest of them, in milliseconds. */
  readonly maxDurationMs: number;
  /** Start of the last of them, in milliseconds since the Unix epoch. */
  readonly lastAt: number;
  /** ID of the record that the cause is of: the slowest of those in which all of it is known. */
  readonly recordId: string;
}

const DEFAULT_LIMIT = 50;
const DEFAULT_WINDOW_MS = 900_000;

/**
 * The records of requests, jobs, messages and GraphQL operations: what each of them waited for, and why it failed.
 *
 * ```ts
 * constructor(private readonly records: RequestRecords) {}
 * const [slowest] = this.records.find({ name: 'GET /orders/:id', limit: 1 });
 * ```
 */
export class RequestRecords {
  /** @internal */
  constructor(
    private readonly operations?: Operations,
    private readonly store?: RecordStore,
    private readonly clock?: Clock,
  ) {}

  /** True if operations are recorded. */
  get enabled(): boolean {
    return this.store !== undefined;
  }

  /** The ID of the record of the current operation, for its log lines; undefined outside of a recorded operation. */
  get currentId(): string | undefined {
    return this.operations?.current?.id;
  }

  /** Returns records of a list, slowest or newest first. */
  find({ list = 'slowest', name, limit = DEFAULT_LIMIT }: RequestRecordQuery = {}): readonly RequestRecord[] {
    return this.listOf(list, name)
      .filter((record) => name === undefined || record.name === name)
      .slice(0, Math.max(0, limit));
  }

  /** Returns the record with an ID, or of a trace; undefined if it is not kept. */
  get(id: string): RequestRecord | undefined {
    if (this.store === undefined) return undefined;
    return [
      ...this.store.slowestOf(this.now()),
      ...this.store.lastFailures(),
      ...this.store.lastSamples(),
    ].find((record) => record.id === id || record.traceId === id);
  }

  /**
   * Returns why operations were slow or failed lately: the causes of the kept records, the most frequent failures first,
   * then the slowest operations.
   *
   * @param windowMs age of the oldest record, in milliseconds. @default 900000
   */
  causes(windowMs = DEFAULT_WINDOW_MS): readonly OperationCause[] {
    if (this.store === undefined) return [];
    const now = this.now();
    const since = now - windowMs;
    const causes = new Map<string, OperationCause>();
    const records = [...new Set([...this.store.lastFailures(), ...this.store.slowestOf(now)])]
      .filter(({ startedAt }) => startedAt >= since)
      .toSorted((a, b) => Number(b.isSampled) - Number(a.isSampled));
    // Without a sample, the exception is known, but not the failed call that it followed.
    const callByException = new Map<string, string | null>();
    const durationOfCause = new Map<string, number>();
    for (const record of records) {
      const { name, cause, hasFailed, isSampled, durationMs, startedAt, id } = record;
      const text = hasFailed ? cause.text.replaceAll(/[\d.]+/g, '') : '';
      const own = `${name}\n${cause.kind}\n${text}`;
      const [, exception] = cause.kind === 'failed_call' ? text.split('; then ') : [];
      if (exception !== undefined) {
        const thrown = `${name}\n${exception}`;
        const other = callByException.get(thrown) ?? own;
        // Null if several calls have led to it: nobody knows which one it was.
        callByException.set(thrown, callByException.get(thrown) === null || other !== own ? null : own);
      }
      const call = isSampled || causes.has(own) ? null : callByException.get(`${name}\n${text}`);
      const key = call ?? own;
      const known = causes.get(key);
      const isWorst = known === undefined || (key === own && durationMs > (durationOfCause.get(key) ?? 0));
      if (isWorst) durationOfCause.set(key, durationMs);
      causes.set(key, {
        name,
        hasFailed,
        cause: isWorst ? cause : known.cause,
        count: (known?.count ?? 0) + 1,
        maxDurationMs: Math.max(durationMs, known?.maxDurationMs ?? 0),
        lastAt: Math.max(startedAt, known?.lastAt ?? 0),
        recordId: isWorst ? id : known.recordId,
      });
    }
    return [...causes.values()].toSorted(
      (a, b) =>
        Number(b.hasFailed) - Number(a.hasFailed) ||
        (a.hasFailed ? b.count - a.count : b.maxDurationMs - a.maxDurationMs),
    );
  }

  private listOf(list: 'slowest' | 'failures' | 'samples', name: string | undefined): RequestRecord[] {
    if (this.store === undefined) return [];
    if (list === 'failures') return this.store.lastFailures();
    return list === 'samples' ? this.store.lastSamples() : this.store.slowestOf(this.now(), name);
  }

  private now(): number {
    return this.clock?.now() ?? Date.now();
  }
}
