import type { BullMqIntegration } from '../../integrations/bullmq/bullmq.integration.js';
import type { Guard } from '../../primitives/guard.js';
import type { QueueJobRecorder } from './queue-job.recorder.js';

/** Measures what the workers of BullMQ do, in an application that has some. */
export class QueueJobsInstrumentation {
  private recorder: QueueJobRecorder | undefined;
  private lookAgain: (() => void) | undefined;
  private readonly releases: (() => void)[] = [];

  /** @param makeRecorder called for the first worker, so that applications without one have no such metrics */
  constructor(
    private readonly bullMq: BullMqIntegration,
    private readonly guard: Guard,
    private readonly makeRecorder: () => QueueJobRecorder,
  ) {}

  install(): void {
    this.lookAgain = this.bullMq.eachWorker((worker) => {
      this.recorder ??= this.makeRecorder();
      this.releases.push(this.recorder.watch(worker));
    }, this.guard);
  }

  start(): void {
    this.lookAgain?.();
  }

  stop(): void {
    for (const release of this.releases.splice(0)) release();
  }
}
