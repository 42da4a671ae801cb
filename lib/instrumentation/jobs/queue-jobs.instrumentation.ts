import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import {
  type BullMqQueue,
  type BullMqWorker,
  findBullMqQueues,
} from '../../integrations/bullmq/bullmq.discovery.js';
import { watchBullMqSends } from '../../integrations/bullmq/bullmq.sends.js';
import { watchBullMqWorkers } from '../../integrations/bullmq/bullmq.watch.js';
import { InstanceWatches } from '../../integrations/instance-watches.js';
import type { OperationWaits } from '../../integrations/operation-waits.js';
import type { Guard } from '../../primitives/guard.js';
import type { QueueJobRecorder } from './queue-job.recorder.js';

/** The instrumentation of BullMQ workers. */
export class QueueJobsInstrumentation {
  private recorder: QueueJobRecorder | undefined;
  private rescan: (() => void) | undefined;
  /** The watches of what operations send to queues; undefined if none is recorded. */
  private readonly sends: InstanceWatches<BullMqQueue> | undefined;
  private readonly stops: (() => void)[] = [];

  /**
   * @param createRecorder called for the first worker, so that applications without workers have no job metrics
   * @param operations the operations that wait for queues; undefined if none is recorded
   */
  constructor(
    private readonly objects: ApplicationObjects,
    private readonly guard: Guard,
    private readonly createRecorder: () => QueueJobRecorder,
    operations: OperationWaits | undefined,
  ) {
    if (operations === undefined) return;
    this.sends = new InstanceWatches(
      () => findBullMqQueues(objects),
      ({ instance }) => watchBullMqSends(instance, operations, guard),
      guard,
    );
  }

  /** Measures the workers that exist, and those that are created from now on. */
  install(): void {
    const measure = (worker: BullMqWorker): void => {
      this.recorder ??= this.createRecorder();
      this.stops.push(this.recorder.measure(worker));
    };
    this.rescan = watchBullMqWorkers(this.objects, measure, this.guard);
    this.sends?.refresh();
  }

  /** Measures the workers that the hooks of the application have created. */
  start(): void {
    this.rescan?.();
    this.sends?.refresh();
  }

  stop(): void {
    this.sends?.stop();
    for (const stop of this.stops.splice(0)) stop();
  }
}
