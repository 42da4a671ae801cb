import { CallScope } from '../primitives/call-scope.js';

const ownCalls = new CallScope<true>();

/** Runs what monitoring itself asks of a client, such as a ping, which is not counted as a call of the application. */
export async function asOwnCall<T>(work: () => Promise<T>): Promise<T> {
  const scope = ownCalls.open(true);
  try {
    return await scope.run(work);
  } finally {
    scope.end();
  }
}

/** Returns whether what happens now is a call of monitoring itself. */
export function isOwnCall(): boolean {
  return ownCalls.current === true;
}

/** Returns the context of now, for a call that its client may run in the context of another one. */
export function captureOwnCall(): { run<R>(work: () => R): R } {
  return ownCalls.capture();
}
