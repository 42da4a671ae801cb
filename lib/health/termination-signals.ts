import { endBySignal } from './end-by-signal.js';
import { hasSignalListener, ownSignalListener } from '../primitives/own-signal-listener.js';

/** The actions that termination signals trigger. */
export interface TerminationActions {
  /** Drains at the first signal. Afterwards, the signal ends the process if it has no other listener. */
  shutDown(): Promise<void>;
  /** Ends the drain at any further signal. */
  abortDrain(): void;
}

/**
 * A listener for termination signals. A signal without another listener still ends the process, after the drain: a
 * listener suppresses the default action of Node.js. The steps of the shutdown and their order are in
 * `module/lifecycle.ts`.
 */
export class TerminationSignals {
  private received = 0;
  private readonly signals = new Set<NodeJS.Signals>();
  private readonly listener: (signal: NodeJS.Signals) => void;

  constructor(private readonly actions: TerminationActions) {
    this.listener = ownSignalListener((signal) => void this.receive(signal));
  }

  listenFor(signal: NodeJS.Signals): void {
    if (this.signals.has(signal)) return;
    this.signals.add(signal);
    // Prepended: a listener added by once() removes itself when called, and would not be seen any more.
    process.prependListener(signal, this.listener);
  }

  /** Returns true if the signal has another listener, which is expected to close the application. */
  hasOtherListener(signal: NodeJS.Signals): boolean {
    return hasSignalListener(signal);
  }

  stop(): void {
    for (const signal of this.signals) process.removeListener(signal, this.listener);
    this.signals.clear();
  }

  private async receive(signal: NodeJS.Signals): Promise<void> {
    this.received++;
    const hasOtherListener = this.hasOtherListener(signal);
    if (this.received > 1) this.actions.abortDrain();
    else if (hasOtherListener) void this.actions.shutDown();
    else await this.actions.shutDown();
    if (hasOtherListener || this.hasOtherListener(signal)) return;
    this.stop();
    // Another application in this process may still be draining.
    if (process.listenerCount(signal) === 0) endBySignal(signal);
  }
}
