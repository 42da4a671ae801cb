import type { ExemplarLabels, ExemplarSource } from '../../metrics/exemplars.js';

/** The part of `@opentelemetry/api` that is used here. */
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

/** The names that OpenTelemetry gives to these in logs which are not its own. */
export interface TraceFields {
  readonly trace_id: string;
  readonly span_id: string;
  /** Two hexadecimal digits, `01` if the trace is recorded. */
  readonly trace_flags: string;
}

/** W3C Trace Context: the flag that says that the trace is recorded. */
const SAMPLED = 1;
/** The identifier of a trace where there is none. */
const NO_TRACE = '0'.repeat(32);

/**
 * The trace that the code which asks belongs to, if OpenTelemetry traces the application. Its SDK has to be started
 * before the application, as its instrumentations need it anyway.
 */
export class ActiveTrace {
  /** Takes the traces that are recorded for exemplars; undefined where nothing traces the application. */
  readonly exemplars: ExemplarSource | undefined;

  /** @internal */
  constructor(private readonly api?: OpenTelemetryApi) {
    this.exemplars = api && (() => this.exemplar());
  }

  /** Returns the fields by which a log line is found from its trace; undefined outside of every trace. */
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

  /** A tracer of the application that fails, or that gives no context, traces nothing. */
  private spanContext(): SpanContext | undefined {
    try {
      const context: unknown = this.api?.trace.getActiveSpan()?.spanContext();
      return isSpanContext(context) && context.traceId !== NO_TRACE ? context : undefined;
    } catch {
      return undefined;
    }
  }
}

/**
 * Finds OpenTelemetry where its SDK runs in this process. That its API is installed says nothing: many packages
 * bring it along.
 */
export async function findActiveTrace(load: () => Promise<OpenTelemetryApi> = loadApi): Promise<ActiveTrace> {
  try {
    const api = await load();
    return new ActiveTrace(keepsContext(api) ? api : undefined);
  } catch {
    return new ActiveTrace();
  }
}

function isSpanContext(candidate: unknown): candidate is SpanContext {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const { traceId, spanId, traceFlags } = candidate as Partial<SpanContext>;
  return typeof traceId === 'string' && typeof spanId === 'string' && typeof traceFlags === 'number';
}

/** Without an SDK, the API makes no context the active one. */
function keepsContext({ context, ...api }: OpenTelemetryApi): boolean {
  const key = api.createContextKey('nestjs-monitoring');
  return context.with(context.active().setValue(key, true), () => context.active().getValue(key) === true);
}

/** Without its types, which not every application has. */
function loadApi(): Promise<OpenTelemetryApi> {
  const name: string = '@opentelemetry/api';
  return import(name) as Promise<OpenTelemetryApi>;
}
