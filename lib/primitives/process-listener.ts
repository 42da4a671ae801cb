import type { Guard } from './guard.js';
import { processWide } from './process-wide.js';

/** The mark of the listeners of every copy of this library, by which they differ from those of the application. */
const OWN_LISTENER = Symbol.for('nestjs-monitoring.watches');

type Listener = (...args: readonly unknown[]) => void;

/** The listeners of all applications for one event, and the function by which the process knows them. */
interface SharedListener {
  readonly listeners: Set<Listener>;
  readonly notify: Listener;
}

/**
 * Adds a listener for an event of the process. It shares one listener there with all others of this library, since Node
 * warns of more than ten: an application has several, and a process may have several applications.
 *
 * A listener for `unhandledRejection` disables what Node does without one, and is for a process whose application has
 * one too, see {@link applicationListensTo}. Errors of the listener reach neither the process nor other listeners. If the process
 * cannot have the listener, the error is reported and the listener is never called.
 *
 * @returns a function that removes the listener
 */
export function listenToProcess<A extends readonly unknown[]>(
  event: string,
  guard: Guard,
  listener: (...args: A) => void,
): () => void {
  const events = processWide('processEvents', () => new Map<string, SharedListener>());
  let shared = events.get(event);
  if (shared === undefined) events.set(event, (shared = sharedListener()));
  const { listeners, notify } = shared;
  const guarded: Listener = (...args) => {
    try {
      listener(...(args as unknown as A));
    } catch (error) {
      guard.report(error);
    }
  };
  listeners.add(guarded);
  // The application may have removed all listeners.
  // It may also have a listener for `newListener` or `removeListener` that throws.
  const isAttached = guard.run(() => {
    if (!process.listeners(event as NodeJS.Signals).includes(notify)) process.on(event, notify);
    return true;
  });
  if (isAttached !== true) listeners.delete(guarded);
  return () => {
    listeners.delete(guarded);
    if (listeners.size === 0) guard.run(() => process.off(event, notify));
  };
}

/** Returns true if the application itself listens for an event of the process. */
export function applicationListensTo(event: string): boolean {
  return process.listeners(event as NodeJS.Signals).some((listener) => !isOwnProcessListener(listener));
}

/** Returns true for a listener that {@link listenToProcess} has added, in any copy of this library. */
export function isOwnProcessListener(listener: object): boolean {
  return OWN_LISTENER in listener;
}

function sharedListener(): SharedListener {
  const listeners = new Set<Listener>();
  const notify: Listener = (...args) => {
    // A listener may add and remove others.
    const current = Array.from(listeners);
    for (const listener of current) listener(...args);
  };
  return { listeners, notify: Object.assign(notify, { [OWN_LISTENER]: true }) };
}
