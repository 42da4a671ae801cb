/**
 * The detection of replies that stand for an exception of a gateway handler.
 *
 * Nest responds to exceptions of WebSocket gateways itself, so that the reply of a failed handler looks like a success.
 * The order of events shows the difference: a reply that settles is the first to do so after a microtask queued when
 * Nest handles the exception, and a reply that streams ends in the same turn in which Nest handles it.
 */
export class FailedReplies {
  /** Exceptions that Nest has handled in this turn. */
  private readonly handled = new Set<object>();
  /** The exception whose reply settles next. */
  private settling: object | undefined;

  /** Records that Nest is handling an exception. */
  recordException(): void {
    const exception = {};
    this.handled.add(exception);
    queueMicrotask(() => {
      if (!this.handled.delete(exception)) return;
      this.settling = exception;
      queueMicrotask(() => {
        if (this.settling === exception) this.settling = undefined;
      });
    });
  }

  /** Returns true if the reply that has just ended stands for an exception, and forgets that exception. */
  consumeFailure(by: 'settling' | 'streaming'): boolean {
    if (by === 'settling') {
      const failed = this.settling !== undefined;
      this.settling = undefined;
      return failed;
    }
    for (const exception of this.handled) return this.handled.delete(exception);
    return false;
  }
}
