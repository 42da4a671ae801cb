import {
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import type { NameInterval, RunningCollectors } from './running-collectors.js';
import type { SourceCollector } from './source.collector.js';

/** Starts the collectors with the application and stops them when all else has ended. */
@Injectable()
export class CollectorLifecycle implements OnModuleInit, OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    private readonly running: RunningCollectors,
    private readonly collectors: readonly SourceCollector[],
    private readonly nameInterval?: NameInterval,
  ) {}

  onModuleInit(): void {
    for (const collector of this.collectors) this.running.add(collector);
  }

  onApplicationBootstrap(): void {
    this.running.begin(this.nameInterval);
  }

  onApplicationShutdown(): void {
    this.running.end();
  }
}
