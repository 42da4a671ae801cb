import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { ProcessErrorRecorder } from './process-error.recorder.js';
import { RejectionWatch } from './rejection.watch.js';

/** Watches what goes wrong in the process, and changes nothing about what becomes of it. */
@Injectable()
export class ProcessErrorsInstrumentation implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rejections: RejectionWatch;

  constructor(private readonly recorder: ProcessErrorRecorder) {
    this.rejections = new RejectionWatch((reason) => this.recorder.unhandled(reason));
  }

  /** Not before: an application that fails to start is not told to end, and must leave no listener behind. */
  onApplicationBootstrap(): void {
    process.on('uncaughtExceptionMonitor', this.onUncaught);
    process.on('warning', this.onWarning);
    this.rejections.start();
  }

  onApplicationShutdown(): void {
    process.off('uncaughtExceptionMonitor', this.onUncaught);
    process.off('warning', this.onWarning);
    this.rejections.stop();
  }

  private readonly onUncaught = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    if (origin === 'unhandledRejection') this.recorder.unhandled(error);
    else this.recorder.uncaught(error);
  };

  private readonly onWarning = (warning: Error): void => {
    try {
      this.recorder.warned(warning);
    } catch {
      // A warning whose properties throw.
    }
  };
}
