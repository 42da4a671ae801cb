import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** Time after which the complaint is what the test fails by, in milliseconds; from 10 s on at least 45 s. @default 45_000 */
  readonly timeout?: number;
  /** Milliseconds between two questions. @default 5 at first, then a fortieth of the time so far, at most 25 */
  readonly interval?: number;
}

/** What never comes shows a little later; what comes late on a busy machine does not fail a test. */
const LEAST_LIMIT_MS = 45_000;
/** Whoever has waited for a while asks less often, and leaves the machine to what is waited for. */
const LEAST_INTERVAL_MS = 5;
const MOST_INTERVAL_MS = 25;

/** Asks again and again until there is no complaint; in the end the complaint is what the test fails by. */
export async function eventually<T>(ask: () => T | Promise<T>, patience: number | Patience = {}): Promise<T> {
  const { timeout = LEAST_LIMIT_MS, interval } =
    typeof patience === 'number' ? { timeout: patience } : patience;
  const start = performance.now();
  const end = start + (timeout < 10_000 ? timeout : Math.max(timeout, LEAST_LIMIT_MS));
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(interval ?? laterInterval(performance.now() - start));
  }
}

function laterInterval(waitedMs: number): number {
  return Math.min(MOST_INTERVAL_MS, Math.max(LEAST_INTERVAL_MS, waitedMs / 40));
}
