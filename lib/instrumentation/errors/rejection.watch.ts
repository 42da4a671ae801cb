/** Marks the listeners of every copy of this library, which are none of the application's. */
const WATCHES = Symbol.for('nestjs-monitoring.watches');

/**
 * Sees the unhandled rejections that listeners of the application take care of. A listener of our own would take
 * care of the others, too, and keep the process alive that should have ended: it is there only while one of the
 * application is. Those that end the process are seen by `uncaughtExceptionMonitor`.
 */
export class RejectionWatch {
  private readonly onRejection: NodeJS.UnhandledRejectionListener;

  /** @param see must not throw */
  constructor(see: (reason: unknown) => void) {
    this.onRejection = Object.assign((reason: unknown) => see(reason), { [WATCHES]: true });
  }

  start(): void {
    process.on('newListener', this.onAdded);
    process.on('removeListener', this.onRemoved);
    if (applicationListens()) this.listen();
  }

  stop(): void {
    process.off('newListener', this.onAdded);
    process.off('removeListener', this.onRemoved);
    this.leave();
  }

  private readonly onAdded = (event: string | symbol, listener: object): void => {
    if (event === 'unhandledRejection' && isOfApplication(listener)) this.listen();
  };

  private readonly onRemoved = (event: string | symbol): void => {
    if (event === 'unhandledRejection' && !applicationListens()) this.leave();
  };

  private listen(): void {
    this.leave();
    process.on('unhandledRejection', this.onRejection);
  }

  private leave(): void {
    process.off('unhandledRejection', this.onRejection);
  }
}

function applicationListens(): boolean {
  return process.listeners('unhandledRejection').some(isOfApplication);
}

function isOfApplication(listener: object): boolean {
  return !(WATCHES in listener);
}
