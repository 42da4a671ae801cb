import type { ErrorRecord } from './error-record.js';
import type { ErrorRecorder } from './error.recorder.js';

/** A selection of {@link ErrorRecords.find}. */
export interface ErrorRecordQuery {
  /** Class of the errors. @default every class */
  readonly error?: string;
  /** Name of an operation in which they occurred, such as `GET /orders/:id`. @default every operation */
  readonly operation?: string;
  /** Maximum number of groups. @default 50 */
  readonly limit?: number;
}

const DEFAULT_LIMIT = 50;

/**
 * The errors of the application, in groups by class and by the first place of the application in their stack traces.
 *
 * ```ts
 * constructor(private readonly errors: ErrorRecords) {}
 * const [last] = this.errors.find({ operation: 'GET /orders/:id', limit: 1 });
 * ```
 */
export class ErrorRecords {
  /** @internal */
  constructor(private readonly recorder?: ErrorRecorder) {}

  /** True if errors are recorded. */
  get enabled(): boolean {
    return this.recorder !== undefined;
  }

  /** Number of groups that were dropped, because more than `errors.records.groups` had occurred. */
  get dropped(): number {
    return this.recorder?.dropped ?? 0;
  }

  /** Returns groups, the one with the last error first. */
  find({ error, operation, limit = DEFAULT_LIMIT }: ErrorRecordQuery = {}): readonly ErrorRecord[] {
    return this.records()
      .filter((record) => error === undefined || record.error === error)
      .filter(
        ({ operations }) => operation === undefined || operations.some(({ name }) => name === operation),
      )
      .slice(0, Math.max(0, limit));
  }

  /** Returns the group with an ID; undefined if it is not kept. */
  get(id: string): ErrorRecord | undefined {
    return this.records().find((record) => record.id === id);
  }

  private records(): ErrorRecord[] {
    return this.recorder?.records() ?? [];
  }
}
