import { isThenable } from '../../primitives/guard.js';
import type { CallObserver } from '../../primitives/method-patch.js';

/** The end of a run of a job. */
export type RunOutcome = 'success' | 'error';

/** Observes one run of a job to its end: that of the promise that it returned, or else the return. */
export class RunObserver implements CallObserver {
  /** @param end is told once how the run ended, with the error if it failed */
  constructor(private readonly end: (outcome: RunOutcome, error?: unknown) => void) {}

  returned(result: unknown): void {
    if (!isThenable(result)) this.end('success');
  }

  fulfilled(): void {
    this.end('success');
  }

  rejected(error: unknown): void {
    this.end('error', error);
  }

  threw(error: unknown): void {
    this.end('error', error);
  }
}
