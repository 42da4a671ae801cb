import {
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import type { HttpAdapterHost } from '@nestjs/core';
import type { HealthMonitor } from './health.monitor.js';

interface ClosingAdapter {
  beforeClose?: () => unknown;
}

/** Tells the health monitor of the life of the application. */
@Injectable()
export class HealthLifecycle implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy {
  constructor(
    private readonly monitor: HealthMonitor,
    private readonly host: HttpAdapterHost,
  ) {}

  onModuleInit(): void {
    const adapter = this.host.httpAdapter as ClosingAdapter | null | undefined;
    if (adapter) this.listenTo(adapter);
  }

  onApplicationBootstrap(): void {
    this.monitor.enter('ready');
  }

  onModuleDestroy(): void {
    this.monitor.enter('draining');
  }

  /** Nest 12 tells the adapter first that it closes; other modules may be long at it before it is our turn. */
  private listenTo(adapter: ClosingAdapter): void {
    const { beforeClose } = adapter;
    adapter.beforeClose = () => {
      this.monitor.enter('draining');
      return beforeClose?.call(adapter);
    };
  }
}
