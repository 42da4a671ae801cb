import { Logger } from '@nestjs/common';
import { GarbageCollections } from '../../primitives/garbage-collections.js';
import type { Guard } from '../../primitives/guard.js';
import { listenToProcess } from '../../primitives/process-listener.js';
import type { MemoryObserver } from './memory.observer.js';
import { unref } from '../../primitives/unref.js';

/** Starts and ends the observation of the memory with the application. */
export class MemoryLifecycle {
  private timer: NodeJS.Timeout | undefined;
  private unlisten: (() => void)[] = [];

  constructor(
    private readonly observer: MemoryObserver,
    private readonly windowMs: number,
    private readonly guard: Guard,
    private readonly collections = GarbageCollections.shared(),
  ) {}

  start(): void {
    this.observer.start();
    this.unlisten = [
      this.collections.listen((collection) => this.guard.run(() => this.observer.record(collection))),
      listenToProcess('warning', this.guard, this.observer.listeners.add),
    ];
    this.timer = unref(setInterval(() => this.guard.call(() => this.judge()), this.windowMs));
  }

  stop(): void {
    clearInterval(this.timer);
    for (const unlisten of this.unlisten.splice(0)) unlisten();
    this.observer.stop();
  }

  private async judge(): Promise<void> {
    const cause = await this.observer.judge();
    if (cause !== undefined) new Logger('Monitoring').warn(cause);
  }
}
