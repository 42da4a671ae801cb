import type { Guard } from '../../primitives/guard.js';
import { ownSignalListener } from '../../primitives/own-signal-listener.js';

/** Signals that end a process in Node.js, unless it has a listener. */
const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/**
 * A listener for the signals by which a process is asked to end. A listener suppresses the default action of Node.js: this
 * one removes itself at once, and sends the signal again if nothing else listens for it. The first process of a container
 * goes on then, as without this listener: the kernel ends it by no signal that it does not listen for.
 */
export class EndSignals {
  /** By signal: an application that emits one by itself may pass no argument. */
  private readonly listeners = SIGNALS.map(
    (signal) => [signal, ownSignalListener(() => this.guard.run(() => this.receive(signal)))] as const,
  );

  /**
   * @param onSignal receives the signal, and true if it ends the process at once
   * @param own the process
   */
  constructor(
    private readonly guard: Guard,
    private readonly onSignal: (signal: NodeJS.Signals, endsProcess: boolean) => void,
    private readonly own: Pick<NodeJS.Process, 'pid' | 'kill'> = process,
  ) {}

  start(): void {
    // First: a listener added by once() removes itself when called, and would not be seen any more.
    for (const [signal, listener] of this.listeners) process.prependListener(signal, listener);
  }

  stop(): void {
    for (const [signal, listener] of this.listeners) process.removeListener(signal, listener);
  }

  private stepAside(signal: NodeJS.Signals): void {
    for (const [each, listener] of this.listeners) {
      if (each === signal) process.removeListener(signal, listener);
    }
  }

  private receive(signal: NodeJS.Signals): void {
    this.stepAside(signal);
    const endsProcess = process.listenerCount(signal) === 0 && this.own.pid !== 1;
    this.guard.run(() => this.onSignal(signal, endsProcess));
    if (endsProcess) this.own.kill(this.own.pid, signal);
  }
}
