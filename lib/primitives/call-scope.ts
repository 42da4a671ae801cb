import { AsyncLocalStorage } from 'node:async_hooks';

/** An async context that is open until the call it belongs to has ended. */
export class OpenScope<T> {
  private isOpen = true;

  /** @internal */
  constructor(
    private readonly marked: T,
    private readonly runWithin: <R>(scope: OpenScope<T>, work: () => R) => R,
    private readonly ended: () => void,
  ) {}

  /** The value of the call; undefined once it has ended. */
  get value(): T | undefined {
    return this.isOpen ? this.marked : undefined;
  }

  /** Runs work within the call. */
  run<R>(work: () => R): R {
    return this.runWithin(this, work);
  }

  /** Ends the call: what goes on in its context is not within it any more, such as a connection that it opened. */
  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.ended();
  }
}

/**
 * Knows which call something happens within, also after it has awaited something. Soon after the last call has ended,
 * it costs the process nothing: before Node 24, an async context that is in use makes each promise dearer.
 */
export class CallScope<T> {
  private readonly storage = new AsyncLocalStorage<OpenScope<T> | undefined>();
  private openCalls = 0;
  private isRestPlanned = false;

  /** The value of the innermost call that is still open; undefined outside of all. */
  get current(): T | undefined {
    return this.openCalls === 0 ? undefined : this.storage.getStore()?.value;
  }

  /** Opens the scope of a call, which the caller ends. */
  open(value: T): OpenScope<T> {
    this.openCalls++;
    return new OpenScope<T>(
      value,
      (scope, work) => this.storage.run(scope, work),
      () => {
        if (--this.openCalls === 0) this.planRest();
      },
    );
  }

  /** Returns the context of now, for work that somebody else starts later. */
  capture(): { run<R>(work: () => R): R } {
    const scope = this.storage.getStore();
    return { run: (work) => (scope?.value === undefined ? this.leave(work) : this.storage.run(scope, work)) };
  }

  /** Runs work outside of every call, such as a callback of the application. */
  leave<R>(work: () => R): R {
    return this.openCalls === 0 ? work() : this.storage.run(undefined, work);
  }

  /** Not at once: to put the context in and out of use for each of many calls costs more than to leave it in use. */
  private planRest(): void {
    if (this.isRestPlanned) return;
    this.isRestPlanned = true;
    setImmediate(() => {
      this.isRestPlanned = false;
      if (this.openCalls === 0) this.storage.disable();
    }).unref();
  }
}
