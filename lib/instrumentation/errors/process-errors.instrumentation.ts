import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { listenTo } from '../../primitives/emitter-listener.js';
import type { Guard } from '../../primitives/guard.js';
import type { ProcessErrorRecorder } from './process-error.recorder.js';
import { RejectionWatch } from './rejection.watch.js';

/** Counts what goes wrong in the process, and changes nothing about what becomes of it. */
@Injectable()
export class ProcessErrorsInstrumentation implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rejections: RejectionWatch;
  private readonly leave: (() => void)[] = [];

  constructor(
    private readonly guard: Guard,
    private readonly recorder: ProcessErrorRecorder,
  ) {
    this.rejections = new RejectionWatch((reason) => guard.run(() => recorder.unhandled(reason)));
  }

  /** Not before: an application that fails to start is not told to end, and must leave no listener behind. */
  onApplicationBootstrap(): void {
    this.begin();
  }

  onApplicationShutdown(): void {
    this.end();
  }

  begin(): void {
    const { guard, recorder } = this;
    this.leave.push(
      listenTo(
        process,
        'uncaughtExceptionMonitor',
        guard,
        (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
          if (origin === 'unhandledRejection') recorder.unhandled(error);
          else recorder.uncaught(error);
        },
      ),
      listenTo(process, 'warning', guard, (warning: Error) => recorder.warned(warning)),
    );
    this.rejections.start();
  }

  end(): void {
    for (const leave of this.leave.splice(0)) leave();
    this.rejections.stop();
  }
}
