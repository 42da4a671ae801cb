import { processWide } from '../primitives/process-wide.js';
import { CurrentCall } from './current-call.js';

/**
 * The async contexts of own calls. One of the two module-level states of this room, beside the abandoned work of
 * abandoned-work.ts. Neither is shared by two applications: this one belongs to an async context, the other one to an
 * `AbortSignal`. As parameters, both would have to pass through the client libraries, which have no place for them.
 */
const ownCalls = processWide('ownCalls', () => new CurrentCall<true>());

/** Runs a call of monitoring itself, such as a ping. The watch of the client does not record it. */
export async function asOwnCall<T>(work: () => Promise<T>): Promise<T> {
  const scope = ownCalls.open(true);
  try {
    return await scope.run(work);
  } finally {
    scope.end();
  }
}

/** Returns true within {@link asOwnCall}. */
export function isOwnCall(): boolean {
  return ownCalls.current === true;
}

/** Returns the current context, for a call that its client may run in the context of another call. */
export function captureOwnCall(): { run<R>(work: () => R): R } {
  return ownCalls.capture();
}
