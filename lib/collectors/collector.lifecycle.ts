import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { SourceCollector } from './source.collector.js';

/** Starts the collectors with the application and stops them when all else has ended. */
@Injectable()
export class CollectorLifecycle implements OnModuleInit, OnApplicationShutdown {
  private removals: (() => void)[] = [];

  constructor(
    private readonly registry: MetricsRegistry,
    private readonly collectors: readonly SourceCollector[],
  ) {}

  onModuleInit(): void {
    for (const collector of this.collectors) {
      collector.start?.();
      this.removals.push(this.registry.addCollector(collector));
    }
  }

  onApplicationShutdown(): void {
    for (const remove of this.removals) remove();
    for (const collector of this.collectors) collector.stop?.();
    this.removals = [];
  }
}
