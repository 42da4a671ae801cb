import { MAX_TIMER_DELAY_MS } from '../primitives/deadline.js';

/** Returns the result of a promise; rejects if it takes longer than the time limit. */
export async function withTimeLimit<T>(promise: Promise<T>, timeoutMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), timeoutMs);
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

/**
 * Returns the result of a promise, or undefined if it takes longer than the time limit.
 *
 * @param options `background`: true if the time limit must not keep the process alive
 */
export async function resultWithin<T>(
  promise: Promise<T>,
  timeoutMs: number,
  { background = false }: { readonly background?: boolean | undefined } = {},
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    if (timeoutMs <= MAX_TIMER_DELAY_MS) timer = setTimeout(resolve, timeoutMs, undefined);
    if (background) timer?.unref();
  });
  return Promise.race([promise, timeout]).finally(() => clearTimeout(timer));
}

/** Calls a function with a callback, and resolves when that is called or the time limit is exceeded. */
export async function calledBackWithin(
  timeoutMs: number,
  start: (callback: () => void) => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, timeoutMs);
    start(resolve);
  });
  clearTimeout(timer);
}

/** Resolves after a delay, without keeping the process alive. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
