import type { Exemplar } from '../../metrics/snapshot.js';

/** An exemplar as OTLP has it: the ids of a trace apart from other labels. */
export interface OtlpExemplar {
  /** 32 lower-case hexadecimal digits; undefined without a valid id. */
  readonly traceId: string | undefined;
  /** 16 lower-case hexadecimal digits; undefined without a valid id. */
  readonly spanId: string | undefined;
  /** All other labels, and ids that are not valid. */
  readonly attributes: Readonly<Record<string, string>>;
}

const TRACE_ID = /^[\da-f]{32}$/i;
const SPAN_ID = /^[\da-f]{16}$/i;
/** An id of zeros is none. */
const ZEROS = /^0+$/;

/**
 * Returns the parts of an exemplar. A label `trace_id` or `span_id` that is not an id of W3C Trace Context, such as that
 * of another tracer, is an attribute: a receiver refuses the whole request for an id of another length.
 */
export function otlpExemplarOf({ labels }: Exemplar): OtlpExemplar {
  let traceId: string | undefined;
  let spanId: string | undefined;
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(labels)) {
    if (name === 'trace_id' && isId(TRACE_ID, value)) traceId = value.toLowerCase();
    else if (name === 'span_id' && isId(SPAN_ID, value)) spanId = value.toLowerCase();
    else attributes[name] = value;
  }
  return { traceId, spanId, attributes };
}

function isId(pattern: RegExp, value: string): boolean {
  return pattern.test(value) && !ZEROS.test(value);
}
