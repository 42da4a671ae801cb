import type { Guard } from '../../primitives/guard.js';
import {
  applicationListensTo,
  isOwnProcessListener,
  listenToProcess,
} from '../../primitives/process-listener.js';

const EVENT = 'unhandledRejection';

/**
 * A listener for unhandled rejections that the application handles itself.
 *
 * Any listener for `unhandledRejection` keeps the process alive. This one is therefore registered only while the
 * application has a listener of its own. Rejections that end the process are reported by `uncaughtExceptionMonitor`.
 */
export class RejectionListener {
  private readonly unfollow: (() => void)[] = [];
  private unlisten: (() => void) | undefined;

  /** @param onRejection called with the reason of each rejection */
  constructor(
    private readonly guard: Guard,
    private readonly onRejection: (reason: unknown) => void,
  ) {}

  /** Starts following the listeners of the application. */
  start(): void {
    this.unfollow.push(
      listenToProcess('newListener', this.guard, this.onListenerAdded),
      listenToProcess('removeListener', this.guard, this.onListenerRemoved),
    );
    if (applicationListensTo(EVENT)) this.attach();
  }

  /** Stops following the listeners of the application. */
  stop(): void {
    for (const stop of this.unfollow.splice(0)) stop();
    this.detach();
  }

  private readonly onListenerAdded = (event: string | symbol, listener: object): void => {
    if (event === EVENT && !isOwnProcessListener(listener)) this.attach();
  };

  private readonly onListenerRemoved = (event: string | symbol): void => {
    if (event === EVENT && !applicationListensTo(EVENT)) this.detach();
  };

  private attach(): void {
    this.detach();
    this.unlisten = listenToProcess(EVENT, this.guard, this.onRejection);
  }

  private detach(): void {
    this.unlisten?.();
    this.unlisten = undefined;
  }
}
