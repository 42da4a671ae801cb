import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { BullMqWorker } from '../../integrations/bullmq/bullmq.discovery.js';
import { watchBullMqWorkers } from '../../integrations/bullmq/bullmq.watch.js';
import type { Guard } from '../../primitives/guard.js';
import type { QueueJobRecorder } from './queue-job.recorder.js';

/** Measures what the workers of BullMQ do, in an application that has some. */
export class QueueJobsInstrumentation {
  private recorder: QueueJobRecorder | undefined;
  private lookAgain: (() => void) | undefined;
  private readonly releases: (() => void)[] = [];

  /** @param makeRecorder called for the first worker, so that applications without one have no such metrics */
  constructor(
    private readonly objects: ApplicationObjects,
    private readonly guard: Guard,
    private readonly makeRecorder: () => QueueJobRecorder,
  ) {}

  install(): void {
    const watch = (worker: BullMqWorker): void => {
      this.recorder ??= this.makeRecorder();
      this.releases.push(this.recorder.watch(worker));
    };
    this.lookAgain = watchBullMqWorkers(this.objects, watch, this.guard);
  }

  start(): void {
    this.lookAgain?.();
  }

  stop(): void {
    for (const release of this.releases.splice(0)) release();
  }
}
