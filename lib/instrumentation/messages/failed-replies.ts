/**
 * Tells which replies of a message handler stand for an exception. Nest answers the exceptions of WebSocket gateways
 * itself, and what the handler gives back then looks as if all were well. But it does so at once: a reply that has
 * settled is the first to be heard of after a microtask that was queued as the exception was handled, and one that
 * streams ends before the exception has been handled.
 */
export class FailedReplies {
  /** Exceptions that were handled just now. */
  private readonly handled = new Set<object>();
  /** The exception whose reply is the next to be heard of. */
  private settling: object | undefined;

  /** To be called as Nest handles an exception. */
  noteException(): void {
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

  /** Returns whether the reply that has ended now, by settling or by streaming, stands for an exception. */
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
