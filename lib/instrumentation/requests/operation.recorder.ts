import { WAIT_PARTS } from '../../integrations/operation-waits.js';
import type { Clock } from '../../metrics/clock.js';
import type { Counter } from '../../metrics/counter.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import type { CallTally, Operation } from './operation.js';
import type { CallSite } from './call-sites.js';
import type { Operations } from './operations.js';
import type { RecordStore } from './record-store.js';
import type { OperationKind, RecordedCall, RecordedException, RequestRecord } from './request-record.js';
import { TIME_PARTS } from './time-parts.js';

/** An operation that has ended, as the one who ran it knows it. */
export interface EndedOperation {
  readonly kind: OperationKind;
  readonly name: string;
  readonly method?: string;
  readonly route?: string;
  readonly status?: number;
  readonly hasFailed: boolean;
  readonly durationMs: number;
  /** The thrown value, if it is known. */
  readonly exception?: unknown;
  readonly traceId?: string | undefined;
}

/** The metrics and the records of operations that have ended. */
export class OperationRecorder {
  private readonly time: Counter<'method' | 'route' | 'part'>;
  private readonly queries: Counter<'method' | 'route'>;
  private readonly repeated: Counter<'method' | 'route'>;
  private readonly recorded: Counter<'method' | 'route'>;

  constructor(
    registry: MetricsRegistry,
    private readonly clock: Clock,
    readonly operations: Operations,
    private readonly store: RecordStore,
    private readonly repeatedCalls: number,
  ) {
    const labelNames = ['method', 'route'] as const;
    this.time = registry.counter(
      'http_request_time_seconds_total',
      'Time of the recorded HTTP requests by what it was spent on, in seconds: waits for database, cache, remote, pool or event loop, and the application itself.',
      { labelNames: [...labelNames, 'part'] },
    );
    this.queries = registry.counter(
      'http_request_queries_total',
      'Database statements of the recorded HTTP requests.',
      { labelNames },
    );
    this.repeated = registry.counter(
      'http_n_plus_one_requests_total',
      `Recorded HTTP requests that made ${repeatedCalls} or more equal calls.`,
      { labelNames },
    );
    this.recorded = registry.counter('http_recorded_requests_total', 'HTTP requests that were recorded.', {
      labelNames,
    });
  }

  /**
   * Ends an operation.
   *
   * @param operation undefined if it was not sampled
   * @returns the ID of its record; undefined if it is not kept
   */
  end(operation: Operation | undefined, ended: EndedOperation): string | undefined {
    if (operation !== undefined) {
      this.operations.end(operation, this.clock.monotonic());
      if (ended.kind === 'http') this.count(operation, ended);
    } else if (!ended.hasFailed) {
      return undefined;
    }
    const now = this.clock.now();
    return this.store.offer(ended, now, () => this.recordOf(operation, ended, now))?.id;
  }

  private count({ parts, calls }: Operation, { method = '', route = '' }: EndedOperation): void {
    this.recorded.inc({ method, route });
    for (const part of TIME_PARTS) {
      const milliseconds = parts.of(part);
      if (milliseconds > 0) this.time.inc({ method, route, part }, milliseconds / 1000);
    }
    let queries = 0;
    let isRepeated = false;
    for (const { call, begun, count } of calls.values()) {
      if (call.part === 'database') queries += count;
      if (begun >= this.repeatedCalls) isRepeated = true;
    }
    if (queries > 0) this.queries.inc({ method, route }, queries);
    if (isRepeated) this.repeated.inc({ method, route });
  }

  private recordOf(operation: Operation | undefined, ended: EndedOperation, now: number): RequestRecord {
    const { kind, name, method, route, status, hasFailed, durationMs } = ended;
    const { exception } = ended;
    return {
      id: operation?.id ?? this.operations.nextId(),
      kind,
      name,
      method,
      route,
      status,
      handler: operation?.handler,
      startedAt: operation?.startTime ?? now - durationMs,
      durationMs,
      hasFailed,
      isSampled: operation !== undefined,
      parts: operation?.parts.toObject() ?? {},
      phases: operation?.phases ?? {},
      calls: operation === undefined ? [] : this.callsOf(operation),
      omittedCalls: operation?.omittedCalls ?? 0,
      longestRunMs: operation?.longestRunMs ?? 0,
      exception:
        exception === undefined
          ? undefined
          : recordedException(errorClass(exception), this.operations.sites.ofError(exception)),
      traceId: operation?.traceId ?? ended.traceId,
    };
  }

  private callsOf({ calls }: Operation): RecordedCall[] {
    return [...calls.values()]
      .filter(({ count }) => count > 0)
      .toSorted(
        (a, b) => b.totalMs - a.totalMs || WAIT_PARTS.indexOf(a.call.part) - WAIT_PARTS.indexOf(b.call.part),
      )
      .map((tally) => recordedCall(tally, this.repeatedCalls));
  }
}

/** Returns a call of a record. Its place is named by its source as soon as the source map has been read. */
function recordedCall(
  { call, begun, count, totalMs, maxMs, errors, site }: CallTally,
  limit: number,
): RecordedCall {
  const { part, system, name } = call;
  return {
    part,
    system,
    name,
    count,
    totalMs,
    maxMs,
    errors,
    isRepeated: begun >= limit,
    get site() {
      return site?.text;
    },
  };
}

function recordedException(error: string, site: CallSite | undefined): RecordedException {
  return {
    error,
    get site() {
      return site?.text;
    },
  };
}
