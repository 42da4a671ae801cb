import type { HeapSampling } from '../heap-sampling.js';
import type { AllocationSites } from './allocation-sites.js';

/** Mean number of allocated bytes between two samples. */
const INTERVAL_BYTES = 512 * 1024;
/** Least number of windows between two readings; without growth, and with growth if V8 collects garbage by itself. */
const LEAST_WINDOWS = 1.5;
const STEADY_WINDOWS = 120;
const GROWING_WINDOWS = 5;
/** Least relation between the time from one reading to the next and the time that it stops the process. */
const LEAST_RATIO = 500;

/** The facts that decide if a reading is worth its time. */
export interface ReadingNeed {
  readonly now: number;
  readonly isGrowing: boolean;
  /** True if the state of the memory has become worse since the last reading. */
  readonly hasWorsened: boolean;
  /** True if V8 has not collected garbage for a while and memory may have grown meanwhile. */
  readonly isFloorUnknown: boolean;
}

/** Readings of the live memory by the function that allocated it. Each stops the process for a garbage collection. */
export class LiveReadings {
  private end: (() => void) | undefined;
  private hasStopped = false;
  private isReading = false;
  private readAt = -Infinity;
  /** Time that the last reading took, in milliseconds. */
  private costMs = 0;

  constructor(
    private readonly sites: AllocationSites,
    private readonly windowMs: number,
    private readonly sampling: HeapSampling,
    private readonly monotonic: () => number,
  ) {}

  /** @throws {Error} if a debugger samples allocations, or there is no inspector */
  async start(): Promise<void> {
    this.readAt = this.monotonic();
    this.end = await this.sampling.sampleLive(INTERVAL_BYTES);
    // The application may have ended meanwhile.
    if (this.hasStopped) return this.stop();
    this.sites.begin(this.readAt, this.sampling.generation);
  }

  stop(): void {
    this.hasStopped = true;
    this.end?.();
    this.end = undefined;
  }

  /** Reads if it is worth its time. Returns true if it has read. */
  async readIfDue(need: ReadingNeed): Promise<boolean> {
    if (this.end === undefined || this.isReading || !this.isDue(need)) return false;
    this.isReading = true;
    try {
      const startedAt = performance.now();
      const cpu = process.cpuUsage();
      const live = await this.sampling.readLive();
      this.readAt = this.monotonic();
      if (live === undefined) return false;
      this.sites.add(this.readAt, live.generation, live.profile);
      const { user, system } = process.cpuUsage(cpu);
      // On a busy machine, most of the time that passes is the time of others.
      this.costMs = Math.min(performance.now() - startedAt, (user + system) / 1_000);
      return true;
    } finally {
      this.isReading = false;
    }
  }

  private isDue({ now, isGrowing, hasWorsened, isFloorUnknown }: ReadingNeed): boolean {
    const sinceMs = now - this.readAt;
    if (sinceMs < Math.max(LEAST_WINDOWS * this.windowMs, this.costMs * LEAST_RATIO)) return false;
    const usualMs = (isGrowing ? GROWING_WINDOWS : STEADY_WINDOWS) * this.windowMs;
    return hasWorsened || isFloorUnknown || sinceMs >= usualMs;
  }
}
