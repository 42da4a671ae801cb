import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { RegisterTimer, RunningCollectors } from './running-collectors.js';
import type { SourceCollector } from './source.collector.js';

/** Starts the collectors with the application and stops them after everything that reads metrics has stopped. */
@Injectable()
export class CollectorLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly running: RunningCollectors,
    private readonly collectors: readonly SourceCollector[],
    private readonly registerTimer?: RegisterTimer,
  ) {}

  onModuleInit(): void {
    for (const collector of this.collectors) this.running.add(collector);
  }

  onApplicationBootstrap(): void {
    this.running.startSchedules(this.registerTimer);
  }

  onApplicationShutdown(): void {
    this.running.stop();
  }
}
