import type { BullMqIntegration } from '../../integrations/bullmq/bullmq.integration.js';
import type { Guard } from '../../primitives/guard.js';
import type { QueueJobRecorder } from './queue-job.recorder.js';

/** The instrumentation of BullMQ workers. */
export class QueueJobsInstrumentation {
  private recorder: QueueJobRecorder | undefined;
  private rescan: (() => void) | undefined;
  private readonly stops: (() => void)[] = [];

  /** @param createRecorder called for the first worker, so that applications without workers have no job metrics */
  constructor(
    private readonly bullMq: BullMqIntegration,
    private readonly guard: Guard,
    private readonly createRecorder: () => QueueJobRecorder,
  ) {}

  /** Measures the workers that exist, and those that are created from now on. */
  install(): void {
    this.rescan = this.bullMq.eachWorker((worker) => {
      this.recorder ??= this.createRecorder();
      this.stops.push(this.recorder.measure(worker));
    }, this.guard);
  }

  /** Measures the workers that the hooks of the application have created. */
  start(): void {
    this.rescan?.();
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
