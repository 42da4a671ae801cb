import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import type { BullMqWorker } from '../../integrations/bullmq/bullmq.discovery.js';
import { watchBullMqWorkers } from '../../integrations/bullmq/bullmq.watch.js';
import type { Guard } from '../../primitives/guard.js';
import type { QueueJobRecorder } from './queue-job.recorder.js';

/** The instrumentation of BullMQ workers. */
export class QueueJobsInstrumentation {
  private recorder: QueueJobRecorder | undefined;
  private rescan: (() => void) | undefined;
  private readonly stops: (() => void)[] = [];

  /** @param createRecorder called for the first worker, so that applications without workers have no job metrics */
  constructor(
    private readonly objects: ApplicationObjects,
    private readonly guard: Guard,
    private readonly createRecorder: () => QueueJobRecorder,
  ) {}

  /** Measures the workers that exist, and those that are created from now on. */
  install(): void {
    const measure = (worker: BullMqWorker): void => {
      this.recorder ??= this.createRecorder();
      this.stops.push(this.recorder.measure(worker));
    };
    this.rescan = watchBullMqWorkers(this.objects, measure, this.guard);
  }

  /** Measures the workers that the hooks of the application have created. */
  start(): void {
    this.rescan?.();
  }

  stop(): void {
    for (const stop of this.stops.splice(0)) stop();
  }
}
