import type { Clock } from '../../metrics/clock.js';
import type { RegisterTimer } from '../../primitives/register-timer.js';
import { unref } from '../../primitives/unref.js';

/** The tasks of a {@link PushScheduler}. Neither ever rejects. */
export interface PushTasks {
  /** Captures the metrics of an interval and queues them. */
  capture(): Promise<void>;
  /** @returns the milliseconds until the next attempt; undefined once the queue is empty */
  send(): Promise<number | undefined>;
}

/** The settings of a {@link PushScheduler}. */
export interface PushSchedulerOptions {
  readonly name: string;
  readonly intervalMs: number;
  /** Delay from a capture to its first attempt to send, in milliseconds. */
  readonly sendDelayMs: number;
}

/**
 * A scheduler of captures and sends. It captures whenever the wall clock reaches a multiple of the interval, and sends
 * after a delay or when a retry is due. Neither task overlaps itself.
 */
export class PushScheduler {
  private timer: NodeJS.Timeout | undefined;
  private unregister: (() => void) | undefined;
  private running = false;
  private capturing = false;
  private sending = false;
  /** Time of the next capture, on the wall clock. */
  private captureAt = 0;
  /** Time of the next send, on the monotonic clock; undefined if nothing is to be sent. */
  private sendAt: number | undefined;

  constructor(
    private readonly tasks: PushTasks,
    private readonly clock: Clock,
    private readonly options: PushSchedulerOptions,
    private readonly registerTimer: RegisterTimer = () => () => undefined,
  ) {}

  /** Starts at the next multiple of the interval. */
  start(): void {
    this.running = true;
    this.captureAt = this.nextBoundary();
    this.arm();
  }

  /** Starts no further task. */
  stop(): void {
    this.running = false;
    this.disarm();
  }

  /** Runs the tasks that are due and sets the timer for the next one. */
  private wake(): void {
    if (!this.running) return;
    const untilCapture = this.captureAt - this.clock.now();
    // More than one interval ahead: the wall clock was set back.
    if (untilCapture <= 0 || untilCapture > this.options.intervalMs) {
      this.captureAt = this.nextBoundary();
      void this.capture();
    }
    if (this.sendAt !== undefined && this.clock.monotonic() >= this.sendAt) {
      this.sendAt = undefined;
      void this.send();
    }
    this.arm();
  }

  private async capture(): Promise<void> {
    if (this.capturing) return;
    this.capturing = true;
    await this.tasks.capture();
    this.capturing = false;
    this.sendAt ??= this.clock.monotonic() + this.options.sendDelayMs;
    this.wake();
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    const retryInMs = await this.tasks.send();
    this.sending = false;
    if (retryInMs === undefined) return;
    this.sendAt = this.clock.monotonic() + retryInMs;
    this.wake();
  }

  private arm(): void {
    this.disarm();
    const untilSend = this.sendAt === undefined ? Infinity : this.sendAt - this.clock.monotonic();
    const delay = Math.min(this.captureAt - this.clock.now(), untilSend, this.options.intervalMs);
    this.timer = unref(setTimeout(() => this.wake(), Math.max(delay, 0)));
    this.unregister = this.registerTimer(`monitoring.exporter.${this.options.name}`, this.timer);
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.unregister?.();
    this.unregister = undefined;
  }

  private nextBoundary(): number {
    const { intervalMs } = this.options;
    return (Math.floor(this.clock.now() / intervalMs) + 1) * intervalMs;
  }
}
