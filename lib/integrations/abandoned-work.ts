import { unlessAborted } from '../primitives/deadline.js';

/** The work that was pending when its signal was aborted, by signal. The reason for module-level state is in own-calls.ts. */
const abandoned = new WeakMap<AbortSignal, Promise<unknown>[]>();

/** Returns the result of the work, or rejects as soon as the signal is aborted and abandons the work. */
export async function abandonOnAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await unlessAborted(work, signal);
  } catch (error) {
    if (signal.aborted) abandoned.set(signal, [...(abandoned.get(signal) ?? []), work]);
    throw error;
  }
}

/** Resolves when all work that this signal abandoned has settled, which may be never. */
export async function abandonedWork(signal: AbortSignal): Promise<void> {
  await Promise.allSettled(abandoned.get(signal) ?? []);
}
