import {
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HealthLifecycle } from '../health/health.lifecycle.js';
import { PROCESS_LISTENERS } from './process-listeners.token.js';
import { type ProcessListener, StartLifecycle } from './start.lifecycle.js';

/**
 * Is told last that the application has started, and first that it closes. Nest goes through the modules by their
 * distance from the root: from the farthest to the nearest as it starts, and back as it closes. This module is nearer
 * than the root itself.
 */
@Module({})
export class LifecycleModule implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    modules: ModulesContainer,
    private readonly health: HealthLifecycle,
    private readonly start: StartLifecycle,
    @Inject(PROCESS_LISTENERS) private readonly listeners: readonly ProcessListener[],
  ) {
    for (const module of modules.values()) {
      if (module.metatype === LifecycleModule) module.distance = -1;
    }
  }

  onApplicationBootstrap(): void {
    this.health.started();
    this.start.succeeded(this.listeners);
  }

  async onModuleDestroy(): Promise<void> {
    await this.health.closing();
  }

  onApplicationShutdown(): void {
    this.health.ended();
  }
}
