import { AsyncLocalStorage } from 'node:async_hooks';

/** An async context that is open until the call it belongs to has ended. */
export class OpenScope<T> {
  private isOpen = true;

  constructor(
    private readonly storage: AsyncLocalStorage<OpenScope<T> | undefined>,
    private readonly marked: T,
  ) {}

  /** The value of the call; undefined once it has ended. */
  get value(): T | undefined {
    return this.isOpen ? this.marked : undefined;
  }

  /** Runs work within the call. */
  run<R>(work: () => R): R {
    return this.storage.run(this, work);
  }

  /** Ends the call: what goes on in its context is not within it any more, such as a connection that it opened. */
  end(): void {
    this.isOpen = false;
  }
}

/** Knows which call something happens within, also after it has awaited something. */
export class CallScope<T> {
  private readonly storage = new AsyncLocalStorage<OpenScope<T> | undefined>();

  /** The value of the innermost call that is still open; undefined outside of all. */
  get current(): T | undefined {
    return this.storage.getStore()?.value;
  }

  /** Opens the scope of a call, which the caller ends. */
  open(value: T): OpenScope<T> {
    return new OpenScope(this.storage, value);
  }

  /** Returns the context of now, for work that somebody else starts later. */
  capture(): { run<R>(work: () => R): R } {
    const scope = this.storage.getStore();
    return { run: (work) => this.storage.run(scope, work) };
  }

  /** Runs work outside of every call, such as a callback of the application. */
  leave<R>(work: () => R): R {
    return this.storage.run(undefined, work);
  }
}
