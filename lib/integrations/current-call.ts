import { AsyncLocalStorage } from 'node:async_hooks';
import { unref } from '../primitives/unref.js';

/** The async context of one call, which is open until the call has ended. */
export class CallContext<T> {
  private isOpen = true;

  /** @internal */
  constructor(
    private readonly own: T,
    private readonly runWithin: <R>(context: CallContext<T>, work: () => R) => R,
    private readonly onEnd: () => void,
  ) {}

  /** The value of the call; undefined once it has ended. */
  get value(): T | undefined {
    return this.isOpen ? this.own : undefined;
  }

  /** Runs work in the context of the call. */
  run<R>(work: () => R): R {
    return this.runWithin(this, work);
  }

  /** Ends the call. Work that continues in its context, such as a connection, no longer belongs to it. */
  end(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.onEnd();
  }
}

/**
 * A tracker of the current call across async boundaries. Soon after the last call has ended, its async context is
 * disabled: before Node.js 24, an async context in use makes every promise slower.
 */
export class CurrentCall<T> {
  private readonly storage = new AsyncLocalStorage<CallContext<T> | undefined>();
  private openCalls = 0;
  private isDisableScheduled = false;

  /** The value of the innermost open call; undefined outside of any. */
  get current(): T | undefined {
    return this.openCalls === 0 ? undefined : this.storage.getStore()?.value;
  }

  /** Opens the context of a call. The caller must end it. */
  open(value: T): CallContext<T> {
    this.openCalls++;
    return new CallContext<T>(
      value,
      (context, work) => this.storage.run(context, work),
      () => {
        if (--this.openCalls === 0) this.scheduleDisable();
      },
    );
  }

  /** Returns the current context, for work that starts later outside of it. */
  capture(): { run<R>(work: () => R): R } {
    const context = this.storage.getStore();
    return {
      run: (work) => (context?.value === undefined ? this.leave(work) : this.storage.run(context, work)),
    };
  }

  /** Runs work outside of every call, for example a callback of the application. */
  leave<R>(work: () => R): R {
    return this.openCalls === 0 ? work() : this.storage.run(undefined, work);
  }

  /** Delays the disabling, since switching for each of many calls costs more than leaving the context in use. */
  private scheduleDisable(): void {
    if (this.isDisableScheduled) return;
    this.isDisableScheduled = true;
    unref(
      setImmediate(() => {
        this.isDisableScheduled = false;
        if (this.openCalls === 0) this.storage.disable();
      }),
    );
  }
}
