import { toPushError } from './push-destination.js';
import { unref } from '../../primitives/unref.js';

/** One attempt to send a request, which ends at its timeout or at the shutdown deadline. */
export class PushAttempt {
  private readonly controller = new AbortController();
  private reject: ((reason: Error) => void) | undefined;

  constructor(private readonly timeoutMs: number) {}

  /**
   * Sends a request and settles as it does, unless the attempt is aborted before.
   *
   * @param keepsAlive true to keep the process alive until the attempt has ended
   */
  async run(
    send: (signal: AbortSignal) => Promise<unknown>,
    deadline: AbortSignal,
    keepsAlive: boolean,
  ): Promise<unknown> {
    const { signal } = this.controller;
    const aborted = new Promise<never>((_, reject) => (this.reject = reject));
    const timer = setTimeout(() => this.timeOut(), this.timeoutMs);
    if (!keepsAlive) unref(timer);
    const onDeadline = (): void => this.abort(deadline.reason as Error);
    deadline.addEventListener('abort', onDeadline);
    try {
      return await Promise.race([send(signal), aborted]);
    } catch (error) {
      // Of a response that rejects the request the head has arrived; trying again would not change it.
      throw signal.aborted && toPushError(error).remedy === 'retry' ? signal.reason : error;
    } finally {
      clearTimeout(timer);
      deadline.removeEventListener('abort', onDeadline);
    }
  }

  /** Aborts the attempt as timed out. */
  private timeOut(): void {
    this.abort(new Error(`timed out after ${Math.round(this.timeoutMs)} ms`));
  }

  /** Aborts the attempt, since the application ends. */
  cutShort(): void {
    this.abort(new Error('no response before the application ended'));
  }

  private abort(reason: Error): void {
    this.controller.abort(reason);
    // A destination that already has the head of the response returns its outcome first.
    setImmediate(() => this.reject?.(reason));
  }
}
