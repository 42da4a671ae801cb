import type { WaitPart } from '../../integrations/operation-waits.js';
import type { TimePart } from './time-parts.js';

/** The kinds of operations that are recorded. */
export type OperationKind = 'http' | 'job' | 'message' | 'graphql';

/** The steps of an HTTP request in Nest, in their order. */
export const REQUEST_PHASES = [
  'middleware',
  'guards',
  'interceptors',
  'pipes',
  'handler',
  'response',
] as const;
/** A step of an HTTP request in Nest. */
export type RequestPhase = (typeof REQUEST_PHASES)[number];

/** Equal calls of one operation: statements of one shape, commands of one name, requests to one host. */
export interface RecordedCall {
  readonly part: WaitPart;
  /** Name of the system, such as `postgresql`; the host for a remote. */
  readonly system: string;
  /** Text without any value, such as `SELECT * FROM orders WHERE id = ?`. */
  readonly name: string;
  /** Number of calls that had ended; a request to another service counts from the head of its response on. */
  readonly count: number;
  readonly totalMs: number;
  readonly maxMs: number;
  /** Start of the first of them, in milliseconds since the start of the operation. */
  readonly startMs: number;
  /** End of the last of them, in milliseconds since the start of the operation. */
  readonly endMs: number;
  /** Number of calls that failed. */
  readonly errors: number;
  /** True for an N+1: at least `repeatedCalls` of them in one operation. */
  readonly isRepeated: boolean;
  /** The place in the application that made the call, such as `OrdersService.list (src/orders.service.ts:42:17)`. */
  readonly site: string | undefined;
}

/** Another operation whose code blocked the event loop while an operation was waiting. */
export interface RecordedBlocker {
  /** `Class.method` of the handler of a request, or kind and name, such as `job nightly-report`. */
  readonly name: string;
  /** The longest time for which it did so at once, in milliseconds. */
  readonly milliseconds: number;
  /** CPU time that the process used meanwhile, at most, in milliseconds. Hardly any means what it means for `longestRunCpuMs`. */
  readonly cpuMs: number;
}

/** The exception of an operation, without its message, which may hold data of a request. */
export interface RecordedException {
  /** Class of the exception. */
  readonly error: string;
  /** The first place of the application in its stack trace. */
  readonly site: string | undefined;
}

/** The kinds of causes of a slow or failed operation. */
export type CauseKind =
  | 'exception'
  | 'failed_call'
  | 'repeated_calls'
  | 'slow_call'
  | 'other_calls'
  | 'pool'
  | 'blocked_event_loop'
  | 'waiting_for_event_loop'
  | 'application'
  | 'unknown';

/** The cause of a slow or failed operation. */
export interface RecordCause {
  readonly kind: CauseKind;
  /** One sentence that names the statement, remote or exception, and the place in the application. */
  readonly text: string;
}

/**
 * The record of one request, job, message or GraphQL operation. It has no value of a statement, and no query string, header
 * or body.
 */
export interface RequestRecord {
  /** Unique within the instances of an application. */
  readonly id: string;
  readonly kind: OperationKind;
  /** Name of the operation: `GET /orders/:id`, or the name of a job or handler. */
  readonly name: string;
  /** Method of an HTTP request. */
  readonly method: string | undefined;
  /** Route template of an HTTP request. */
  readonly route: string | undefined;
  /** Status code of an HTTP request. */
  readonly status: number | undefined;
  /** `Class.method` of the handler. */
  readonly handler: string | undefined;
  /** Time of the start, in milliseconds since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** True for a 5xx response, and for a job, message or operation that failed. */
  readonly hasFailed: boolean;
  /** False if only its end was recorded, since it was not sampled: parts, phases and calls are unknown. */
  readonly isSampled: boolean;
  /** Time by what it was spent on, in milliseconds. The parts add up to the duration. */
  readonly parts: Readonly<Partial<Record<TimePart, number>>>;
  /** Time by step, in milliseconds. */
  readonly phases: Readonly<Partial<Record<RequestPhase, number>>>;
  /** The calls that it waited for, the longest first. */
  readonly calls: readonly RecordedCall[];
  /** Number of calls beyond the limit of distinct ones. */
  readonly omittedCalls: number;
  /** Longest time for which its own code awaited nothing, in milliseconds; the event loop was blocked then. */
  readonly longestRunMs: number;
  /**
   * CPU time that the process used meanwhile, at most, in milliseconds. Hardly any means that the process was stopped, had no
   * processor, or that its code waited synchronously, such as in `execSync()`.
   */
  readonly longestRunCpuMs: number;
  /** The other operation that kept it waiting for the event loop longest, if one is known. */
  readonly blockedBy: RecordedBlocker | undefined;
  readonly exception: RecordedException | undefined;
  /** The cause of its failure, or else of its duration, in one sentence. */
  readonly cause: RecordCause;
  /** The trace of OpenTelemetry. */
  readonly traceId: string | undefined;
}
