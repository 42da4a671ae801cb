import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';

/** Signals that end a process in Node.js, unless it has a listener. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * A listener for the signals by which a process is asked to end. A listener suppresses the default action of Node.js: this
 * one removes itself at once, and sends the signal again if nothing else listens for it.
 */
export class EndSignals {
  private readonly removeListeners = new Map<NodeJS.Signals, () => void>();

  /** @param onSignal receives the signal, and true if it ends the process at once */
  constructor(
    private readonly guard: Guard,
    private readonly onSignal: (signal: NodeJS.Signals, endsProcess: boolean) => void,
  ) {}

  start(): void {
    for (const signal of SIGNALS) {
      // First: a listener added by once() removes itself when called, and would not be seen any more.
      const remove = listenTo(process, signal, this.guard, () => this.receive(signal), { first: true });
      this.removeListeners.set(signal, remove);
    }
  }

  stop(): void {
    for (const remove of this.removeListeners.values()) remove();
    this.removeListeners.clear();
  }

  private receive(signal: NodeJS.Signals): void {
    this.removeListeners.get(signal)?.();
    this.removeListeners.delete(signal);
    const endsProcess = process.listenerCount(signal) === 0;
    this.guard.run(() => this.onSignal(signal, endsProcess));
    if (endsProcess) process.kill(process.pid, signal);
  }
}
