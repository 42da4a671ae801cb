import { withinTime } from '../primitives/deadline.js';
import type { Clock } from './clock.js';
import type { Collector, CollectorResult } from './collector.js';

/** The time limit of a collector that sets none, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** Limits of one run of a collector. */
export interface RunLimits {
  /** A controller that ends the run when it is aborted, and is aborted when the run fails. @default a new one */
  readonly controller?: AbortController;
  /** True if the run must not keep the process alive. @default false */
  readonly background?: boolean;
}

/**
 * A runner that isolates collectors: one that throws, rejects or hangs fails alone. A collector never runs twice at a time;
 * while it hangs, each further run fails.
 */
export class CollectorRunner {
  private readonly running = new Set<Collector>();

  constructor(private readonly clock: Clock) {}

  /** Returns true if a run of the collector has not ended, even if its time limit is over. */
  isRunning(collector: Collector): boolean {
    return this.running.has(collector);
  }

  /** Runs the collector once. Never rejects. */
  async run(collector: Collector, limits: RunLimits = {}): Promise<CollectorResult> {
    const { controller = new AbortController(), background = false } = limits;
    const startedAt = this.clock.monotonic();
    let error: unknown;
    try {
      if (this.running.has(collector)) throw new Error('the previous run is still pending');
      const work = collector.collect(controller.signal);
      if (work !== undefined) {
        this.running.add(collector);
        const ended = Promise.resolve(work).finally(() => this.running.delete(collector));
        const limitMs = collector.timeoutMs ?? DEFAULT_TIMEOUT_MS;
        await withinTime(ended, limitMs, { signal: controller.signal, background });
      }
    } catch (reason) {
      controller.abort(reason);
      error = reason ?? new Error('no reason given');
    }
    const seconds = (this.clock.monotonic() - startedAt) / 1000;
    return error === undefined ? { collector, seconds } : { collector, seconds, error };
  }
}
