import { Logger } from '@nestjs/common';
import type { EventLoopUse } from '../../instrumentation/requests/event-loop-use.js';
import type { Guard } from '../../primitives/guard.js';
import type { BlockRecorder } from './block.recorder.js';
import { LoopWatch, type SampledBlock } from './loop-watch.js';
import { unref } from '../../primitives/unref.js';

/** Time after the start during which nothing is watched, in milliseconds: a short run or a test needs no thread. */
const START_DELAY_MS = 2_000;

/** Starts and ends the watch of the event loop with the application. */
export class BlockedLoopLifecycle {
  private timer: NodeJS.Timeout | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(
    private readonly recorder: BlockRecorder,
    private readonly thresholdMs: number,
    private readonly guard: Guard,
    private readonly eventLoop?: EventLoopUse,
    private readonly loop = LoopWatch.shared(),
  ) {}

  /** Starts to watch a moment later. */
  start(): void {
    this.timer = unref(setTimeout(() => this.guard.run(() => this.watch()), START_DELAY_MS));
  }

  stop(): void {
    clearTimeout(this.timer);
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    if (this.eventLoop) this.eventLoop.onWork = undefined;
  }

  private watch(): void {
    if (this.eventLoop) this.eventLoop.onWork = () => this.guard.run(() => this.loop.wake());
    this.unsubscribe = this.loop.watch({
      thresholdMs: this.thresholdMs,
      isActive: () => this.eventLoop?.isWatched === true,
      onBlock: (block: SampledBlock) => this.guard.run(() => this.recorder.record(block)),
      onUnavailable: ({ message }) =>
        new Logger('Monitoring').debug(
          `What blocks the event loop is counted, but not named: stack traces cannot be taken (${message}).`,
        ),
    });
  }
}
