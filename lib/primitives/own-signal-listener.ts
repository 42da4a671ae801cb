/** The mark of the listeners of this library, in all copies of it. */
const IS_OWN_LISTENER = Symbol.for('nestjs-monitoring.terminationListener');

type SignalListener = (signal: NodeJS.Signals) => void;

/** Marks a listener for a signal as one of this library, which is not expected to close the application. */
export function ownSignalListener(listener: SignalListener): SignalListener {
  return Object.assign(listener, { [IS_OWN_LISTENER]: true });
}

/** Returns true if a signal has a listener of the application, which is expected to close it. */
export function hasSignalListener(signal: NodeJS.Signals): boolean {
  return process
    .listeners(signal)
    .some((listener) => (listener as { readonly [IS_OWN_LISTENER]?: true })[IS_OWN_LISTENER] !== true);
}
