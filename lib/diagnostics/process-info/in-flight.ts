import type { CallTally, Operation } from '../../instrumentation/requests/operation.js';
import type { Operations } from '../../instrumentation/requests/operations.js';
import type { InFlightOperation, InFlightReport, InFlightWait } from './process-report.js';

/** Maximum number of operations that are listed. */
const MAX_OPERATIONS = 100;
/** Maximum number of waits of one operation that are listed. */
const MAX_WAITS = 10;

/**
 * Returns the operations that run, the oldest first, and what each of them waits for.
 *
 * @param routes the routes by `Class.method`; a handler of several routes has none
 */
export function inFlight(
  operations: Operations | undefined,
  routes: ReadonlyMap<string, string | undefined>,
): InFlightReport {
  if (operations === undefined) return { running: 0, sampleRate: 0, operations: [], omitted: 0 };
  // They are kept in the order in which they began.
  const listed: InFlightOperation[] = [];
  const now = operations.now();
  let running = 0;
  for (const operation of operations.running) {
    if (running++ < MAX_OPERATIONS) listed.push(rowOf(operation, operations, routes, now));
  }
  return {
    running,
    sampleRate: operations.sampleRate,
    operations: listed.toSorted((a, b) => b.ageMs - a.ageMs),
    omitted: running - listed.length,
  };
}

function rowOf(
  operation: Operation,
  operations: Operations,
  routes: ReadonlyMap<string, string | undefined>,
  now: number,
): InFlightOperation {
  const { id, kind, title: name, handler, startTime, startedAt, phase } = operation;
  const route = handler === undefined ? undefined : routes.get(handler);
  return {
    id,
    kind,
    ...(name !== undefined && { name }),
    ...(route !== undefined && { route }),
    startedAt: startTime,
    ageMs: Math.max(now - startedAt, 0),
    ...(phase !== undefined && { phase }),
    waits: waitsOf(operation),
    times: operations.timesOf(operation),
  };
}

/** Returns the open waits: with the calls that are open, or without one if it is not known which of them is. */
function waitsOf({ parts, calls }: Operation): InFlightWait[] {
  const waits: InFlightWait[] = [];
  for (const [part, count] of parts.openWaits()) {
    const ofPart = [...calls.values()].filter(({ call }) => call.part === part);
    const open = ofPart.filter((tally) => openCalls(tally) > 0);
    // A call whose answer has begun has been counted, although its body is still to come.
    const known = open.length === 0 && ofPart.length === 1 ? ofPart : open;
    for (const tally of known) waits.push(waitOf(part, Math.max(openCalls(tally), 1), tally));
    if (known.length === 0) waits.push({ part, count });
  }
  return waits.slice(0, MAX_WAITS);
}

function openCalls({ begun, count, renamed }: CallTally): number {
  return begun - count - renamed;
}

function waitOf(part: InFlightWait['part'], count: number, { call, site }: CallTally): InFlightWait {
  const { system, name } = call;
  return { part, count, system, call: name, ...(site !== undefined && { site: site.text }) };
}
