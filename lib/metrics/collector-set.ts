import type { Clock } from './clock.js';

/** Something whose numbers are read when somebody asks for the metrics. */
export interface Collector {
  /** What it is called in `monitoring_collector_success{collector}`. */
  readonly name: string;
  /** The metrics it owns. While it fails, its gauges are left out rather than shown as they were. */
  readonly metricNames?: readonly string[];
  /**
   * How long it may take, in milliseconds.
   * @default 5000
   */
  readonly timeoutMs?: number;
  /** Brings its metrics up to date. The signal is aborted when its time is over. */
  collect(signal: AbortSignal): void | Promise<void>;
}

/** How one run of one collector went. */
export interface CollectorResult {
  readonly collector: Collector;
  readonly seconds: number;
  /** What it threw or rejected with, or that it took too long; undefined if all went well. */
  readonly error?: unknown;
}

const DEFAULT_TIMEOUT_MS = 5_000;
/** The longest that a timer of Node can wait. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Runs collectors side by side, each on its own account: one that throws, rejects or hangs costs only itself. A
 * collector never runs twice at a time; one that still hangs has failed again.
 */
export class CollectorSet {
  private readonly collectors = new Set<Collector>();
  private readonly hanging = new Set<Collector>();
  private running: Promise<void> | undefined;

  /** @param report is told of each run of each collector that is still in the set */
  constructor(
    private readonly clock: Clock,
    private readonly report: (result: CollectorResult) => void,
  ) {}

  add(collector: Collector): void {
    this.collectors.add(collector);
  }

  delete(collector: Collector): void {
    this.collectors.delete(collector);
  }

  /** Runs every collector once. Who asks while they run waits for that run, within a time of their own. */
  async run(timeoutMs = Infinity): Promise<void> {
    if (this.running !== undefined) {
      await withinTime(this.running, timeoutMs).catch(() => undefined);
      return;
    }
    this.running = this.runAll(timeoutMs).finally(() => (this.running = undefined));
    await this.running;
  }

  private async runAll(timeoutMs: number): Promise<void> {
    const results = await Promise.all(
      [...this.collectors].map((collector) => this.runOne(collector, timeoutMs)),
    );
    // In the order in which they were added, so that what is exposed keeps its order.
    for (const result of results) {
      if (this.collectors.has(result.collector)) this.report(result);
    }
  }

  private async runOne(collector: Collector, timeoutMs: number): Promise<CollectorResult> {
    const startedAt = this.clock.monotonic();
    const controller = new AbortController();
    let error: unknown;
    try {
      if (this.hanging.has(collector)) throw new Error('its last run has not ended yet');
      const work = collector.collect(controller.signal);
      if (work !== undefined) {
        this.hanging.add(collector);
        const ended = Promise.resolve(work).finally(() => this.hanging.delete(collector));
        await withinTime(ended, Math.min(collector.timeoutMs ?? DEFAULT_TIMEOUT_MS, timeoutMs));
      }
    } catch (reason) {
      controller.abort(reason);
      error = reason ?? new Error('it did not say why');
    }
    const seconds = (this.clock.monotonic() - startedAt) / 1000;
    return error === undefined ? { collector, seconds } : { collector, seconds, error };
  }
}

/** What the promise does, or a rejection if it takes too long; no timer is left behind. */
async function withinTime(promise: Promise<void>, timeoutMs: number): Promise<void> {
  const limitMs = Math.min(timeoutMs, LONGEST_TIMEOUT_MS);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs} ms`)), limitMs);
  });
  await Promise.race([promise, tooLate]).finally(() => clearTimeout(timer));
}
