import { isError } from '../primitives/is-error.js';
/** The work that was pending when its signal was aborted, by signal. The reason for module-level state is in own-calls.ts. */
const abandoned = new WeakMap<AbortSignal, Promise<unknown>[]>();

/** Returns the result of the work, or rejects as soon as the signal is aborted and abandons the work. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      abandoned.set(signal, [...(abandoned.get(signal) ?? []), work]);
      reject(asError(signal.reason));
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
  }
}

/** Resolves when all work that this signal abandoned has settled, which may be never. */
export async function abandonedWork(signal: AbortSignal): Promise<void> {
  await Promise.allSettled(abandoned.get(signal) ?? []);
}

function asError(reason: unknown): Error {
  return isError(reason) ? reason : new Error(String(reason));
}
