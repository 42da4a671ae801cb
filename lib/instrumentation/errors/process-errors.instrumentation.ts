import type { Guard } from '../../primitives/guard.js';
import { listenToProcess } from '../../primitives/process-listener.js';
import type { ProcessErrorRecorder } from './process-error.recorder.js';
import { RejectionListener } from './rejection-listener.js';

/** The instrumentation of errors and warnings of the process. It does not change how the process handles them. */
export class ProcessErrorsInstrumentation {
  private readonly rejections: RejectionListener;
  private readonly removeListeners: (() => void)[] = [];

  constructor(
    private readonly guard: Guard,
    private readonly recorder: ProcessErrorRecorder,
  ) {
    this.rejections = new RejectionListener(guard, (reason) => recorder.countRejection(reason));
  }

  /** Starts listening to the process. */
  start(): void {
    const { guard, recorder } = this;
    this.removeListeners.push(
      listenToProcess(
        'uncaughtExceptionMonitor',
        guard,
        (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
          if (origin === 'unhandledRejection') recorder.countRejection(error);
          else recorder.countException(error);
        },
      ),
      listenToProcess('warning', guard, (warning: Error) => recorder.countWarning(warning)),
    );
    this.rejections.start();
  }

  /** Stops listening to the process. */
  stop(): void {
    for (const remove of this.removeListeners.splice(0)) remove();
    this.rejections.stop();
  }
}
