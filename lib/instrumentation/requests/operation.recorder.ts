import { WAIT_PARTS } from '../../integrations/operation-waits.js';
import type { Clock } from '../../metrics/clock.js';
import type { MetricsRegistry } from '../../metrics/registry.js';
import { errorClass } from '../error-class.js';
import { type CallTally, isRepeated, type Operation } from './operation.js';
import { causeOf } from './record-cause.js';
import type { CallSite } from './call-sites.js';
import type { OperationIdentity } from './operation-identity.js';
import type { Operations } from './operations.js';
import type { RecordStore } from './record-store.js';
import type { OperationKind, RecordedCall, RecordedException, RequestRecord } from './request-record.js';
import type { WaitMetricsName } from './wait-metric-names.js';
import { WaitMetrics } from './wait-metrics.js';

/** Number of operations that are warned of. */
const MAX_WARNINGS = 1_000;

/** The result of an operation, as its caller reports it. */
export interface EndedOperation {
  readonly kind: OperationKind;
  readonly name: string;
  readonly metrics?: OperationIdentity['metrics'];
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
  private readonly metrics = new Map<WaitMetricsName, WaitMetrics>();
  private readonly observers = new Set<(record: RequestRecord) => void>();
  private readonly warned = new Set<string>();

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly clock: Clock,
    readonly operations: Operations,
    private readonly store: RecordStore,
    private readonly repeatedCalls: number,
    /** Receives the first record of each operation with an N+1. */
    private readonly warn?: (record: RequestRecord) => void,
    /** True if responses announce the times of their requests. */
    readonly serverTiming = false,
  ) {
    this.metricsOf('http');
  }

  /** Returns the current time, in milliseconds on the monotonic clock. */
  now(): number {
    return this.clock.monotonic();
  }

  /**
   * Ends an operation.
   *
   * @param operation undefined if it was not sampled
   * @returns the ID of its record; undefined if it is not kept
   */
  end(operation: Operation | undefined, given: EndedOperation): string | undefined {
    const ended = operation === undefined ? given : completed(operation, given);
    if (operation !== undefined) {
      // The parts and the steps add up to the duration.
      this.operations.end(operation, operation.startedAt + ended.durationMs);
      const { part } = operation;
      if (ended.metrics)
        this.metricsOf(ended.metrics.name).count(operation, ended.name, ended.metrics.labels);
      if (part?.metrics) this.metricsOf(part.metrics.name).count(operation, part.name, part.metrics.labels);
    } else if (!ended.hasFailed) {
      return undefined;
    }
    const now = this.clock.now();
    let record: RequestRecord | undefined;
    const build = (): RequestRecord => (record ??= this.recordOf(operation, ended, now));
    const kept = this.store.offer(ended, now, build);
    for (const observe of this.observers) observe(build());
    if (operation?.repeats(this.repeatedCalls) === true) this.warnOnce(ended.name, build);
    operation?.release();
    return kept?.id;
  }

  private warnOnce(name: string, build: () => RequestRecord): void {
    if (this.warn === undefined || this.warned.size >= MAX_WARNINGS || this.warned.has(name)) return;
    this.warned.add(name);
    this.warn(build());
  }

  /** Calls a function with every record, kept or not. @returns a function that ends this */
  observe(observer: (record: RequestRecord) => void): () => void {
    this.observers.add(observer);
    return () => this.observers.delete(observer);
  }

  private metricsOf(name: WaitMetricsName): WaitMetrics {
    let metrics = this.metrics.get(name);
    if (metrics === undefined) {
      this.metrics.set(name, (metrics = new WaitMetrics(this.registry, name, this.repeatedCalls)));
    }
    return metrics;
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
      longestRunCpuMs: operation?.longestRunCpuMs ?? 0,
      blockedBy: operation?.blockedBy,
      exception:
        exception === undefined
          ? undefined
          : recordedException(errorClass(exception), this.operations.sites.ofError(exception)),
      traceId: operation?.traceId ?? ended.traceId,
      get cause() {
        return causeOf(this);
      },
    };
  }

  private callsOf({ calls, startedAt }: Operation): RecordedCall[] {
    return [...calls.values()]
      .filter(({ count }) => count > 0)
      .toSorted(
        (a, b) => b.totalMs - a.totalMs || WAIT_PARTS.indexOf(a.call.part) - WAIT_PARTS.indexOf(b.call.part),
      )
      .map((tally) => recordedCall(tally, startedAt, this.repeatedCalls));
  }
}

/** Returns the result with the exception and the nested operation that were recorded during the run. */
function completed({ part, hasFailed, exception }: Operation, ended: EndedOperation): EndedOperation {
  if (part === undefined && exception === undefined) return ended;
  const isFailure = ended.hasFailed || hasFailed;
  return {
    ...ended,
    name: part === undefined ? ended.name : `${ended.name} ${part.name}`,
    hasFailed: isFailure,
    exception: isFailure ? (ended.exception ?? exception) : undefined,
  };
}

/** Returns a call of a record. Its place is named by its source as soon as the source map has been read. */
function recordedCall(tally: CallTally, startedAt: number, repeatedCalls: number): RecordedCall {
  const { call, count, totalMs, maxMs, errors, site, firstAt, lastAt } = tally;
  const { part, system, name } = call;
  return {
    part,
    system,
    name,
    count,
    totalMs,
    maxMs,
    startMs: Math.max(0, firstAt - startedAt),
    endMs: Math.max(0, lastAt - startedAt),
    errors,
    isRepeated: isRepeated(tally, repeatedCalls),
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
