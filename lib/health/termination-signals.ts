/** Marks the listeners of this library among those of the process. */
const OURS = Symbol('monitoring.terminationListener');

type SignalListener = ((signal: NodeJS.Signals) => void) & { readonly [OURS]?: true };

/** What happens when the process is asked to end. */
export interface TerminationActions {
  /** The first signal. Afterwards the process ends by it, if nobody else listens for it. */
  begin(): Promise<void>;
  /** Any further signal: it is meant. */
  hurry(): void;
}

/**
 * Listens for the signals that ask a process to end. A signal that nobody else listens for ends the process as it
 * would without us, only later.
 */
export class TerminationSignals {
  private received = 0;
  private readonly signals = new Set<NodeJS.Signals>();
  private readonly listener: SignalListener;

  constructor(private readonly actions: TerminationActions) {
    this.listener = Object.assign((signal: NodeJS.Signals) => void this.receive(signal), {
      [OURS]: true,
    } as const);
  }

  listenFor(signal: NodeJS.Signals): void {
    if (this.signals.has(signal)) return;
    this.signals.add(signal);
    // First, since a listener that was added by once() is gone when it has been called.
    process.prependListener(signal, this.listener);
  }

  /** Whether somebody else listens for it, who is expected to close the application. */
  isExpected(signal: NodeJS.Signals): boolean {
    return process.listeners(signal).some((listener) => (listener as SignalListener)[OURS] !== true);
  }

  stop(): void {
    for (const signal of this.signals) process.removeListener(signal, this.listener);
    this.signals.clear();
  }

  private async receive(signal: NodeJS.Signals): Promise<void> {
    this.received++;
    const wasExpected = this.isExpected(signal);
    if (this.received > 1) this.actions.hurry();
    else if (wasExpected) void this.actions.begin();
    else await this.actions.begin();
    if (wasExpected || this.isExpected(signal)) return;
    this.stop();
    // Another application in this process may still drain.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  }
}
