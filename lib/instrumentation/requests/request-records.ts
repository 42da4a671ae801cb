import type { Operations } from './operations.js';
import type { RecordStore } from './record-store.js';
import type { RequestRecord } from './request-record.js';

/** A selection of {@link RequestRecords.find}. */
export interface RequestRecordQuery {
  /** The slowest of the last hour, the last failures, or a sample of the last minutes. @default 'slowest' */
  readonly list?: 'slowest' | 'failures' | 'samples';
  /** Name of the operation, such as `GET /orders/:id`. @default every operation */
  readonly name?: string;
  /** Maximum number of records. @default 50 */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 50;

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
    return [...this.store.slowestOf(), ...this.store.lastFailures(), ...this.store.lastSamples()].find(
      (record) => record.id === id || record.traceId === id,
    );
  }

  private listOf(list: 'slowest' | 'failures' | 'samples', name: string | undefined): RequestRecord[] {
    if (this.store === undefined) return [];
    if (list === 'failures') return this.store.lastFailures();
    return list === 'samples' ? this.store.lastSamples() : this.store.slowestOf(name);
  }
}
