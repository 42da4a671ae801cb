import { isThenable } from '../../primitives/guard.js';
import type { CallObserver, CallScope } from '../../primitives/method-patch.js';

/** The outcome of a run of a job. */
export type RunOutcome = 'success' | 'error';

/** An observer of one run of a job, which ends when its promise settles, or when it returns or throws. */
export class RunObserver implements CallObserver {
  /** @param end called once with the outcome, and the error of a failed run */
  constructor(
    private readonly end: (outcome: RunOutcome, error?: unknown) => void,
    /** Async context of the run; undefined if it is not recorded. */
    readonly scope: CallScope | undefined,
  ) {}

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
