import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { type BullMqQueue, findBullMqQueues } from '../../integrations/bullmq/bullmq.discovery.js';
import type { RunningCollectors } from '../running-collectors.js';
import type { QueuesCollector } from './queues.collector.js';

/** The start of the collector of queues, in an application that has queues. */
export class QueuesLifecycle {
  constructor(
    private readonly running: RunningCollectors,
    private readonly objects: ApplicationObjects,
    private readonly makeCollector: (queues: readonly BullMqQueue[]) => QueuesCollector,
  ) {}

  install(): void {
    const queues = findBullMqQueues(this.objects).map(({ instance }) => instance);
    if (queues.length > 0) this.running.add(this.makeCollector(queues));
  }
}
