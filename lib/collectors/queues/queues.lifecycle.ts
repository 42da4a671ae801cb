import type { BullMqIntegration } from '../../integrations/bullmq/bullmq.integration.js';
import type { BullMqQueue } from '../../integrations/bullmq/bullmq.discovery.js';
import type { RunningCollectors } from '../running-collectors.js';
import type { QueuesCollector } from './queues.collector.js';

/** Has the queues looked at, in an application that has some. */
export class QueuesLifecycle {
  constructor(
    private readonly running: RunningCollectors,
    private readonly bullMq: BullMqIntegration,
    private readonly makeCollector: (queues: readonly BullMqQueue[]) => QueuesCollector,
  ) {}

  install(): void {
    const queues = this.bullMq.queues().map(({ instance }) => instance);
    if (queues.length > 0) this.running.add(this.makeCollector(queues));
  }
}
