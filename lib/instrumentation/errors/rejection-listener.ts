/** The mark of the listeners of every copy of this library, by which they differ from those of the application. */
const OWN_LISTENER = Symbol.for('nestjs-monitoring.watches');

/**
 * A listener for unhandled rejections that the application handles itself.
 *
 * Any listener for `unhandledRejection` keeps the process alive. This one is therefore registered only while the
 * application has a listener of its own. Rejections that end the process are reported by `uncaughtExceptionMonitor`.
 */
export class RejectionListener {
  private readonly onRejection: NodeJS.UnhandledRejectionListener;

  /** @param onRejection called with the reason of each rejection; must not throw */
  constructor(onRejection: (reason: unknown) => void) {
    this.onRejection = Object.assign((reason: unknown) => onRejection(reason), { [OWN_LISTENER]: true });
  }

  /** Starts following the listeners of the application. */
  start(): void {
    process.on('newListener', this.onListenerAdded);
    process.on('removeListener', this.onListenerRemoved);
    if (applicationListens()) this.attach();
  }

  /** Stops following the listeners of the application. */
  stop(): void {
    process.off('newListener', this.onListenerAdded);
    process.off('removeListener', this.onListenerRemoved);
    this.detach();
  }

  private readonly onListenerAdded = (event: string | symbol, listener: object): void => {
    if (event === 'unhandledRejection' && isOfApplication(listener)) this.attach();
  };

  private readonly onListenerRemoved = (event: string | symbol): void => {
    if (event === 'unhandledRejection' && !applicationListens()) this.detach();
  };

  private attach(): void {
    this.detach();
    process.on('unhandledRejection', this.onRejection);
  }

  private detach(): void {
    process.off('unhandledRejection', this.onRejection);
  }
}

function applicationListens(): boolean {
  return process.listeners('unhandledRejection').some(isOfApplication);
}

function isOfApplication(listener: object): boolean {
  return !(OWN_LISTENER in listener);
}
