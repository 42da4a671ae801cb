import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { BullMqIntegration } from '../../integrations/bullmq/bullmq.integration.js';
import type { BullMqQueue } from '../../integrations/bullmq/bullmq.discovery.js';
import type { RunningCollectors } from '../running-collectors.js';
import type { QueuesCollector } from './queues.collector.js';

/** Starts the collector of queues if the application has queues. */
@Injectable()
export class QueuesLifecycle implements OnModuleInit {
  constructor(
    private readonly running: RunningCollectors,
    private readonly bullMq: BullMqIntegration,
    private readonly makeCollector: (queues: readonly BullMqQueue[]) => QueuesCollector,
  ) {}

  onModuleInit(): void {
    const queues = this.bullMq.queues().map(({ instance }) => instance);
    if (queues.length > 0) this.running.add(this.makeCollector(queues));
  }
}
