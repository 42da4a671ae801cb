import {
  Module,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type OnModuleDestroy,
} from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { StepRunner } from './step-runner.js';

/**
 * The module whose hooks Nest calls last at the start and first at the end. Nest goes through the modules by their
 * distance from the root; this one is nearer than the root itself.
 */
@Module({})
export class LifecycleModule implements OnApplicationBootstrap, OnModuleDestroy, OnApplicationShutdown {
  constructor(
    modules: ModulesContainer,
    private readonly lifecycle: StepRunner,
  ) {
    for (const module of modules.values()) {
      if (module.metatype === LifecycleModule) module.distance = -1;
    }
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.lifecycle.start('started');
  }

  async onModuleDestroy(): Promise<void> {
    await this.lifecycle.end('closing');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.lifecycle.end('closed');
  }
}
