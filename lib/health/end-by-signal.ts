import { constants } from 'node:os';

/** The part of `process` that is used. */
export interface EndingProcess {
  readonly pid: number;
  kill(pid: number, signal: NodeJS.Signals): void;
  exit(code: number): void;
}

/**
 * Ends this process as a signal does that has no listener. The first process of a container ignores such a signal, so that
 * it exits instead, with the status that a shell and Kubernetes show for the signal.
 */
export function endBySignal(signal: NodeJS.Signals, own: EndingProcess = process): void {
  own.kill(own.pid, signal);
  if (own.pid === 1) own.exit(128 + constants.signals[signal]);
}
