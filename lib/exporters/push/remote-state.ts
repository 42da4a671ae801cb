import { Backoff, REJECTION_PAUSES } from './backoff.js';
import type { PushError } from './push-destination.js';
import type { PushReport } from './push.report.js';

/** The state of a remote: the pauses between attempts, and the reason while it rejects everything. */
export class RemoteState {
  private readonly backoff: Backoff;
  /** The pauses while the remote rejects everything. */
  private readonly rejectionBackoff: Backoff;
  private stopError: PushError | undefined;

  /** @param random returns a number from 0 up to 1 */
  constructor(
    private readonly report: PushReport,
    random: () => number,
  ) {
    this.backoff = new Backoff(random);
    this.rejectionBackoff = new Backoff(random, REJECTION_PAUSES);
  }

  /** The reason for which the remote rejects everything; undefined while it accepts requests. */
  get stopReason(): string | undefined {
    return this.stopError?.message;
  }

  /** Records that the remote has accepted a request. */
  accepted(): void {
    this.backoff.reset();
    if (this.stopError === undefined) return;
    this.stopError = undefined;
    this.rejectionBackoff.reset();
    this.report.resumed();
  }

  /** Records that the remote rejects everything, so that it is tried less often. */
  stopped(failure: PushError): void {
    const isNew = this.stopError === undefined;
    this.stopError = failure;
    if (isNew) this.report.stopped(failure);
  }

  /**
   * Returns the pause after a failure, in milliseconds. A failure that may pass, such as a timeout, has a short one even
   * after the remote has rejected everything: it may accept requests again, and at shutdown there is little time.
   */
  pauseAfter({ remedy, retryAfterMs }: PushError): number {
    const backoff = remedy === 'stop' ? this.rejectionBackoff : this.backoff;
    return backoff.next(retryAfterMs);
  }

  /** Starts again from the shortest pause after a failure. */
  resetPauses(): void {
    this.backoff.reset();
  }
}
