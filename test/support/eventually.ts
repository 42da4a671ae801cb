import { setTimeout as sleep } from 'node:timers/promises';

export interface Patience {
  /** After how many milliseconds the complaint is what the test fails by. @default 30_000 */
  readonly timeout?: number;
  /** Milliseconds between two questions. @default 5 */
  readonly interval?: number;
}

/** Asks again and again until there is no complaint; in the end the complaint is what the test fails by. */
export async function eventually<T>(ask: () => T | Promise<T>, patience: number | Patience = {}): Promise<T> {
  const { timeout = 30_000, interval = 5 } = typeof patience === 'number' ? { timeout: patience } : patience;
  const end = performance.now() + timeout;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(interval);
  }
}
