import { setTimeout as sleep } from 'node:timers/promises';
import { LoadClient, LoadIsOver } from './client.js';
import { type Flow, pickFlow } from './flows.js';
import type { LoadOptions } from './options.js';
import { Random } from './random.js';
import { Statistics } from './statistics.js';

/** What people take to think, at most. */
const PAUSE_MS = 40;

export interface LoadRun {
  /** What the clients do. @default what people do */
  readonly flow?: (random: Random) => Flow;
  /** Ends it early. */
  readonly signal?: AbortSignal;
}

/**
 * Lets as many clients as wanted work until the time is up or the requests are spent.
 *
 * @throws {Error} if there never was an answer
 */
export async function runLoad(
  options: LoadOptions,
  statistics: Statistics,
  { flow = pickFlow, signal }: LoadRun = {},
): Promise<void> {
  const mayGoOn = allowance(options);
  const client = new LoadClient(
    options.url,
    options.apiKey,
    statistics,
    () => signal?.aborted !== true && mayGoOn(),
  );
  const random = new Random(options.seed);
  const work = async (): Promise<void> => {
    for (;;) {
      // Drawn at once, so that the flows are the same however the clients take turns.
      const own = random.fork();
      try {
        await flow(own)(client, own);
      } catch (error) {
        if (error instanceof LoadIsOver) return;
        if (statistics.total === 0) throw error;
        statistics.failedWith(error);
      }
      await sleep(own.integer(0, PAUSE_MS));
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency }, work));
  } finally {
    client.close();
  }
}

/** Says for each request whether it may still be sent. */
function allowance({ seconds, requests }: LoadOptions): () => boolean {
  if (requests !== undefined) {
    let left = requests;
    return () => left-- > 0;
  }
  const end = performance.now() + seconds * 1000;
  return () => performance.now() < end;
}
