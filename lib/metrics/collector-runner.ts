import type { Clock } from './clock.js';
import type { Collector, CollectorResult } from './collector.js';

export const DEFAULT_TIMEOUT_MS = 5_000;
/** The longest that a timer of Node can wait. */
export const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** How a run may be ended from outside. */
export interface RunLimits {
  /** Ends the run when it is aborted, and is aborted when the run fails. @default one of the run's own */
  readonly controller?: AbortController;
  /** Whether nobody waits for the run, so that it must not keep the process alive. @default false */
  readonly background?: boolean;
}

/**
 * Runs a collector on its own account: one that throws, rejects or hangs costs only itself. A collector never runs
 * twice at a time; one that still hangs has failed again.
 */
export class CollectorRunner {
  private readonly underWay = new Set<Collector>();

  constructor(private readonly clock: Clock) {}

  /** Whether the last run of the collector has not ended yet, be it that its time was over long ago. */
  isUnderWay(collector: Collector): boolean {
    return this.underWay.has(collector);
  }

  /** Runs the collector once; never rejects. */
  async run(collector: Collector, limits: RunLimits = {}): Promise<CollectorResult> {
    const { controller = new AbortController(), background = false } = limits;
    const startedAt = this.clock.monotonic();
    let error: unknown;
    try {
      if (this.underWay.has(collector)) throw new Error('its last run has not ended yet');
      const work = collector.collect(controller.signal);
      if (work !== undefined) {
        this.underWay.add(collector);
        const ended = Promise.resolve(work).finally(() => this.underWay.delete(collector));
        const limitMs = collector.timeoutMs ?? DEFAULT_TIMEOUT_MS;
        await withinTime(ended, limitMs, { signal: controller.signal, background });
      }
    } catch (reason) {
      controller.abort(reason);
      error = reason ?? new Error('it did not say why');
    }
    const seconds = (this.clock.monotonic() - startedAt) / 1000;
    return error === undefined ? { collector, seconds } : { collector, seconds, error };
  }
}

/** What the promise does, or a rejection if it takes too long or is aborted; nothing is left behind. */
export async function withinTime(
  promise: Promise<void>,
  timeoutMs: number,
  { signal, background = false }: { readonly signal?: AbortSignal; readonly background?: boolean } = {},
): Promise<void> {
  const limitMs = Math.min(timeoutMs, LONGEST_TIMEOUT_MS);
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${limitMs} ms`)), limitMs);
    if (background) timer.unref();
    abort = () => reject(new Error('it was stopped'));
    signal?.addEventListener('abort', abort, { once: true });
  });
  await Promise.race([promise, ended]).finally(() => {
    clearTimeout(timer);
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
  });
}
