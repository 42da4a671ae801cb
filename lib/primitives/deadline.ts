/** The longest delay of a Node.js timer, in milliseconds; a longer one would fire at once. */
export const MAX_TIMER_DELAY_MS = 2 ** 31 - 1;

/** The abort signal of a wait, and its effect on the process. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** True if the wait must not keep the process alive. @default false */
  readonly background?: boolean;
}

/**
 * Waits for a promise, and rejects if it takes too long or the signal is aborted. Removes its timer and listener.
 *
 * @param timeoutMs time limit in milliseconds, at most {@link MAX_TIMER_DELAY_MS}
 */
export async function withinTime(
  promise: Promise<void>,
  timeoutMs: number,
  { signal, background = false }: WaitOptions = {},
): Promise<void> {
  const limitMs = Math.min(timeoutMs, MAX_TIMER_DELAY_MS);
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`timed out after ${limitMs} ms`)), limitMs);
    if (background) timer.unref();
    abort = () => reject(new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
  });
  await Promise.race([promise, ended]).finally(() => {
    clearTimeout(timer);
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
  });
}
