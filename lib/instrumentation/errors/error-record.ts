import type { ErrorSource } from '../../primitives/error-observer.js';

/** The number of errors of a group in one operation. */
export interface ErrorOperation {
  readonly source: ErrorSource;
  /** Name of the operation, such as `GET /orders/:id`, `OrdersGateway.create` or the name of a job or health check. */
  readonly name: string;
  readonly count: number;
}

/** A group of errors of one class that come from one place. It has no value of a request. */
export interface ErrorRecord {
  /** Equal in every instance of the same build. */
  readonly id: string;
  /** Class of the error. */
  readonly error: string;
  /** The first place of the application in the stack trace, such as `OrdersService.list (src/orders.service.ts:42:17)`. */
  readonly site: string | undefined;
  /** Message without values: `User ? not found`. Undefined if the errors have none. */
  readonly message: string | undefined;
  /** The places of the application in the stack trace, the innermost first. */
  readonly stack: readonly string[];
  /** Classes of the causes, the nearest first; of an `AggregateError` also those of its first errors. */
  readonly causes: readonly string[];
  /** Time of the first error, in milliseconds since the Unix epoch. */
  readonly firstSeenAt: number;
  /** Time of the last error, in milliseconds since the Unix epoch. */
  readonly lastSeenAt: number;
  readonly count: number;
  /** Number of those that nothing in the application handled. */
  readonly unhandled: number;
  /** Errors in each of the last 60 minutes, the current one last. */
  readonly perMinute: readonly number[];
  /** Version of the application, if it is known. */
  readonly version: string | undefined;
  /** The operations in which the errors occurred, the most frequent first. */
  readonly operations: readonly ErrorOperation[];
  /** Number of errors in operations beyond the limit of distinct ones. */
  readonly otherOperations: number;
  /** ID of the record of the last operation; see `RequestRecords`. */
  readonly lastRecordId: string | undefined;
}
