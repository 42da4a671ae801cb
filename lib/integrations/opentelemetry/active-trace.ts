import type { ExemplarLabels, ExemplarSource } from '../../metrics/exemplars.js';
import { findPackage } from '../../primitives/optional-package.js';

/** The used part of `@opentelemetry/api`. */
interface OpenTelemetryApi {
  readonly trace: { getActiveSpan(): { spanContext(): SpanContext } | undefined };
  readonly context: {
    active(): Context;
    with<T>(context: Context, work: () => T): T;
  };
  createContextKey(description: string): symbol;
}

interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
}

interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** The fields of a log line that refer to its trace, as OpenTelemetry names them for other log formats. */
export interface TraceFields {
  readonly trace_id: string;
  readonly span_id: string;
  /** Two hexadecimal digits; `01` if the trace is sampled. */
  readonly trace_flags: string;
}

/** The `sampled` flag of W3C Trace Context. */
const SAMPLED = 1;
/** The trace ID of an invalid span context. */
const NO_TRACE = '0'.repeat(32);

/**
 * Access to the OpenTelemetry trace of the current async context. The SDK of OpenTelemetry must be started before the
 * application, as its instrumentations require, too.
 */
export class ActiveTrace {
  /** A source of exemplars from sampled traces; undefined if the application is not traced. */
  readonly exemplars: ExemplarSource | undefined;

  /** @internal */
  constructor(private readonly api?: OpenTelemetryApi) {
    this.exemplars = api && (() => this.exemplar());
  }

  /** Returns the fields for a log line; undefined outside of a trace. */
  current(): TraceFields | undefined {
    const context = this.spanContext();
    if (context === undefined) return undefined;
    const { traceId, spanId, traceFlags } = context;
    return { trace_id: traceId, span_id: spanId, trace_flags: traceFlags.toString(16).padStart(2, '0') };
  }

  private exemplar(): ExemplarLabels | undefined {
    const context = this.spanContext();
    if (context === undefined || (context.traceFlags & SAMPLED) === 0) return undefined;
    return { trace_id: context.traceId, span_id: context.spanId };
  }

  /** Returns the current span context. A tracer that throws or returns no valid context counts as none. */
  private spanContext(): SpanContext | undefined {
    try {
      const context: unknown = this.api?.trace.getActiveSpan()?.spanContext();
      return isSpanContext(context) && context.traceId !== NO_TRACE ? context : undefined;
    } catch {
      return undefined;
    }
  }
}

/** The beginning of the symbol below which each major version of the API keeps what an SDK has registered. */
const GLOBAL_API = 'opentelemetry.js.api.';

/**
 * Detects a running SDK of OpenTelemetry. An installed API is not enough, because many packages depend on it; nor is it
 * loaded, unless something has been registered with it.
 */
export async function findActiveTrace(
  load: () => Promise<OpenTelemetryApi | undefined> = loadApi,
): Promise<ActiveTrace> {
  try {
    const api = await load();
    return new ActiveTrace(api !== undefined && keepsContext(api) ? api : undefined);
  } catch {
    return new ActiveTrace();
  }
}

async function loadApi(): Promise<OpenTelemetryApi | undefined> {
  const isUsed = Object.getOwnPropertySymbols(globalThis).some(({ description }) =>
    description?.startsWith(GLOBAL_API),
  );
  return isUsed ? findPackage('@opentelemetry/api') : undefined;
}

function isSpanContext(candidate: unknown): candidate is SpanContext {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const { traceId, spanId, traceFlags } = candidate as Partial<SpanContext>;
  return typeof traceId === 'string' && typeof spanId === 'string' && typeof traceFlags === 'number';
}

/** Returns true if a context can be made the active one, which the API cannot do without an SDK. */
function keepsContext({ context, ...api }: OpenTelemetryApi): boolean {
  const key = api.createContextKey('nestjs-monitoring');
  return context.with(context.active().setValue(key, true), () => context.active().getValue(key) === true);
}
