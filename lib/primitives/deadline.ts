import { messageOf } from './error-message.js';
import { isError } from './is-error.js';
import { unref } from './unref.js';

/** The longest delay of a Node.js timer, in milliseconds; a longer one would fire at once. */
export const MAX_TIMER_DELAY_MS = 2 ** 31 - 1;

/** The abort signal of a wait, and its effect on the process. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
  /** True if the wait must not keep the process alive. @default false */
  readonly background?: boolean;
}

/** The options of a wait with an error. */
export interface TimeLimitOptions extends WaitOptions {
  /** Message of the error once the time limit is exceeded. @default `timed out after … ms` */
  readonly message?: string;
}

/**
 * Returns the result of a promise, and rejects if it takes too long or the signal is aborted. Removes its timer and
 * listener.
 *
 * @param timeoutMs time limit in milliseconds, at most {@link MAX_TIMER_DELAY_MS}
 */
export async function withinTime<T>(
  promise: Promise<T>,
  timeoutMs: number,
  { signal, background = false, message }: TimeLimitOptions = {},
): Promise<T> {
  const limitMs = Math.min(timeoutMs, MAX_TIMER_DELAY_MS);
  let timer: NodeJS.Timeout | undefined;
  let abort: (() => void) | undefined;
  const ended = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message ?? `timed out after ${limitMs} ms`)), limitMs);
    if (background) unref(timer);
    abort = () => reject(new Error('aborted'));
    signal?.addEventListener('abort', abort, { once: true });
  });
  return Promise.race([promise, ended]).finally(() => {
    clearTimeout(timer);
    if (abort !== undefined) signal?.removeEventListener('abort', abort);
  });
}

/** Returns the result of a promise; undefined if it takes longer than the time limit. */
export async function resultWithin<T>(
  promise: Promise<T>,
  timeoutMs: number,
  { background = false }: Pick<WaitOptions, 'background'> = {},
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, Math.min(timeoutMs, MAX_TIMER_DELAY_MS), undefined);
    if (background) unref(timer);
  });
  return Promise.race([promise, ended]).finally(() => clearTimeout(timer));
}

/**
 * Returns the result of a promise, or rejects with the reason of the signal as soon as it is aborted. Removes its
 * listener.
 */
export async function unlessAborted<T>(promise: PromiseLike<T>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(isError(signal.reason) ? signal.reason : new Error(messageOf(signal.reason)));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
  return Promise.race([promise, aborted]).finally(() => {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  });
}

/** Resolves after a delay in milliseconds, or as soon as the signal is aborted. Never rejects. */
export function pause(ms: number, { signal, background = false }: WaitOptions = {}): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (background) unref(timer);
    signal?.addEventListener('abort', end, { once: true });
  });
}
