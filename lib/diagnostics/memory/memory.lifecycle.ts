import { Logger } from '@nestjs/common';
import { GarbageCollections } from '../../primitives/garbage-collections.js';
import type { Guard } from '../../primitives/guard.js';
import type { MemoryObserver } from './memory.observer.js';

/** Starts and ends the observation of the memory with the application. */
export class MemoryLifecycle {
  private timer: NodeJS.Timeout | undefined;
  private unlisten: (() => void) | undefined;

  constructor(
    private readonly observer: MemoryObserver,
    private readonly windowMs: number,
    private readonly guard: Guard,
    private readonly collections = GarbageCollections.shared(),
  ) {}

  start(): void {
    this.observer.start();
    this.unlisten = this.collections.listen((collection) =>
      this.guard.run(() => this.observer.record(collection)),
    );
    process.on('warning', this.onWarning);
    this.timer = setInterval(() => this.guard.call(() => this.judge()), this.windowMs).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    process.off('warning', this.onWarning);
    this.unlisten?.();
    this.unlisten = undefined;
    this.observer.stop();
  }

  private readonly onWarning = (warning: Error): void => {
    this.guard.run(() => this.observer.listeners.add(warning));
  };

  private async judge(): Promise<void> {
    const cause = await this.observer.judge();
    if (cause !== undefined) new Logger('Monitoring').warn(cause);
  }
}
