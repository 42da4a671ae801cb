import type { Clock } from '../../metrics/clock.js';

/** Shows a timer under a name to whom it may concern; gives back how to take it out again. */
export type NameTimer = (name: string, timer: NodeJS.Timeout) => () => void;

/** What is done on the beat. Neither ever rejects. */
export interface PushWork {
  /** Looks at the metrics and queues what is to be said. */
  capture(): Promise<void>;
  /** @returns in how many milliseconds to try again; undefined when everything has been sent */
  send(): Promise<number | undefined>;
}

export interface PushBeatOptions {
  readonly name: string;
  readonly intervalMs: number;
  /** How long after the start of an interval the sending begins, in milliseconds. */
  readonly sendDelayMs: number;
}

/**
 * Decides when an exporter looks at the metrics and when it sends. It looks whenever the clock on the wall reaches a
 * multiple of the interval, and sends a little later or when it is time to try again. Neither overlaps itself.
 */
export class PushBeat {
  private timer: NodeJS.Timeout | undefined;
  private unname: (() => void) | undefined;
  private running = false;
  private capturing = false;
  private sending = false;
  /** By the clock on the wall. */
  private captureAt = 0;
  /** By the monotonic clock; undefined when there is nothing to send. */
  private sendAt: number | undefined;

  constructor(
    private readonly work: PushWork,
    private readonly clock: Clock,
    private readonly options: PushBeatOptions,
    private readonly nameTimer: NameTimer = () => () => undefined,
  ) {}

  start(): void {
    this.running = true;
    this.captureAt = this.nextBoundary();
    this.arm();
  }

  stop(): void {
    this.running = false;
    this.disarm();
  }

  /** Does what it is time for, and sets the timer to what comes next. */
  private wake(): void {
    if (!this.running) return;
    const untilCapture = this.captureAt - this.clock.now();
    // More than an interval to go: the clock on the wall was set back.
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
    await this.work.capture();
    this.capturing = false;
    this.sendAt ??= this.clock.monotonic() + this.options.sendDelayMs;
    this.wake();
  }

  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    const retryInMs = await this.work.send();
    this.sending = false;
    if (retryInMs === undefined) return;
    this.sendAt = this.clock.monotonic() + retryInMs;
    this.wake();
  }

  private arm(): void {
    this.disarm();
    const untilSend = this.sendAt === undefined ? Infinity : this.sendAt - this.clock.monotonic();
    const delay = Math.min(this.captureAt - this.clock.now(), untilSend, this.options.intervalMs);
    this.timer = setTimeout(() => this.wake(), Math.max(delay, 0)).unref();
    this.unname = this.nameTimer(`monitoring.exporter.${this.options.name}`, this.timer);
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.unname?.();
    this.unname = undefined;
  }

  private nextBoundary(): number {
    const { intervalMs } = this.options;
    return (Math.floor(this.clock.now() / intervalMs) + 1) * intervalMs;
  }
}
