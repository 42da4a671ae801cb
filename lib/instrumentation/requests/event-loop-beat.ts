import type { Clock } from '../../metrics/clock.js';
import { unref } from '../../primitives/unref.js';

/** Time between two beats, in milliseconds. */
export const INTERVAL_MS = 20;
/** Delay of a beat beyond which the event loop counts as blocked, in milliseconds. Timers are often a little late. */
export const TOLERANCE_MS = 10;

/**
 * A timer whose delay shows when the event loop was blocked. It runs only while it is needed, so that an idle process is not
 * woken, nor one with a stream that stays open.
 */
export class EventLoopBeat {
  private timer: NodeJS.Timeout | undefined;
  private expectedAt = Infinity;
  /** CPU time of the process at the last beat, in milliseconds. It is read here, since reading it for each run would be slow. */
  private cpuMs = -Infinity;

  /**
   * @param onLateBeat called after the event loop was blocked, before {@link blockedSince} forgets it
   * @param isNeeded returns false to stop the timer
   * @param readCpuMs returns the CPU time of the process, in milliseconds
   */
  constructor(
    private readonly clock: Clock,
    private readonly onLateBeat: (now: number) => void,
    private readonly isNeeded: (now: number) => boolean,
    private readonly readCpuMs: () => number,
  ) {}

  get isRunning(): boolean {
    return this.timer !== undefined;
  }

  /** Starts the timer, unless it runs. */
  start(): void {
    if (this.timer === undefined) this.arm(this.clock.monotonic());
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.expectedAt = Infinity;
    this.cpuMs = -Infinity;
  }

  /** Returns since when the event loop has been blocked, up to `now`; undefined if it is not. */
  blockedSince(now: number): number | undefined {
    return now > this.expectedAt + TOLERANCE_MS ? this.expectedAt : undefined;
  }

  /** Returns the CPU time that the process has used since the last beat, in milliseconds; Infinity while the timer is stopped. */
  cpuMsSinceBeat(): number {
    return this.readCpuMs() - this.cpuMs;
  }

  private arm(now: number): void {
    this.expectedAt = now + INTERVAL_MS;
    this.cpuMs = this.readCpuMs();
    this.timer = unref(setTimeout(() => this.beat(), INTERVAL_MS));
  }

  private beat(): void {
    const now = this.clock.monotonic();
    if (this.blockedSince(now) !== undefined) this.onLateBeat(now);
    if (this.isNeeded(now)) this.arm(now);
    else this.stop();
  }
}
