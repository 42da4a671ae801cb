import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { ApplicationObjects } from '../../integrations/application-objects.integration.js';
import { type BullMqQueue, findBullMqQueues } from '../../integrations/bullmq/bullmq.discovery.js';
import type { RunningCollectors } from '../running-collectors.js';
import type { QueuesCollector } from './queues.collector.js';

/** Has the queues looked at, in an application that has some. */
@Injectable()
export class QueuesLifecycle implements OnModuleInit {
  constructor(
    private readonly running: RunningCollectors,
    private readonly objects: ApplicationObjects,
    private readonly makeCollector: (queues: readonly BullMqQueue[]) => QueuesCollector,
  ) {}

  onModuleInit(): void {
    const queues = findBullMqQueues(this.objects).map(({ instance }) => instance);
    if (queues.length > 0) this.running.add(this.makeCollector(queues));
  }
}
