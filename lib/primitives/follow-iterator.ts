import { type Guard, isThenable } from './guard.js';
import type { CallOutcome } from './call-outcome.js';
import { overridingProxy } from './overriding-proxy.js';
import { failWith, followThenable, type SettlementObserver, settleWith } from './follow-thenable.js';

type Step = (this: unknown, ...args: unknown[]) => unknown;

/** The methods of an iterator, unbound. */
interface IteratorMethods {
  readonly next: Step;
  readonly return?: Step;
  readonly throw?: Step;
}

/** An iterator, sync or async. */
export interface AnyIterator {
  next(...args: unknown[]): unknown;
  return?(...args: unknown[]): unknown;
  throw?(...args: unknown[]): unknown;
}

/** An observer of one iteration. Errors that it throws do not reach the consumer. */
export interface IterationObserver {
  /** Called before the first step. */
  began?(): void;
  /** Called for each value. */
  given?(value: unknown): void;
  /** Called when the consumer stops early, before the iterator is closed. */
  stopping?(): void;
  /** Called once at the end, with the error, or with the last value of a success. */
  ended?(outcome: CallOutcome, detail: unknown): void;
}

/**
 * Returns a proxy of an iterator that observes the iteration. It has the class and all members of the original,
 * private fields included, and can be stopped early even if the original has no `return()`.
 *
 * @param isAsync true if the steps of the iterator are promises
 * @param swallows true to end a failed iteration without an error
 * @returns undefined if a proxy is impossible
 */
export function followIterator<T extends AnyIterator>(
  iterator: T,
  isAsync: boolean,
  observer: IterationObserver,
  guard: Guard,
  swallows = false,
): T | undefined {
  let hasBegun = false;
  let isOpen = true;
  let last: unknown;
  const end = (outcome: CallOutcome, detail: unknown): void => {
    if (!isOpen) return;
    isOpen = false;
    observer.ended?.(outcome, detail);
  };
  const observerOf = (outcome: CallOutcome): SettlementObserver => ({
    fulfilled(step) {
      const { done, value } = step as IteratorResult<unknown>;
      if (done === true) {
        end(outcome, last);
        return;
      }
      last = value;
      observer.given?.(value);
    },
    rejected: (error) => end('error', error),
    ...(swallows && { replaceError: () => ({ done: true, value: undefined }) }),
  });
  const observed = (
    step: (this: unknown, ...args: unknown[]) => unknown,
    outcome: CallOutcome,
    before?: () => void,
  ): AnyIterator['next'] => {
    const steps = observerOf(outcome);
    return (...args) => {
      if (before !== undefined) guard.run(before);
      if (!hasBegun) {
        hasBegun = true;
        if (observer.began !== undefined) guard.run(() => observer.began?.());
      }
      let result: unknown;
      try {
        result = Reflect.apply(step, iterator, args);
      } catch (error) {
        return failWith(error, steps, guard);
      }
      if (isThenable(result)) return followThenable(result, steps, guard) ?? result;
      return settleWith(result, steps, guard);
    };
  };
  const methods: IteratorMethods = iterator;
  const followed = overridingProxy(iterator, {
    next: observed(methods.next, 'success'),
    return: observed(methods.return ?? (isAsync ? leaveAsync : leave), 'cancelled', () =>
      observer.stopping?.(),
    ),
    ...(typeof methods.throw === 'function' && { throw: observed(methods.throw, 'success') }),
    [isAsync ? Symbol.asyncIterator : Symbol.iterator]: () => followed,
  });
  return followed;
}

function leave(value?: unknown): IteratorResult<unknown> {
  return { done: true, value };
}

async function leaveAsync(value?: unknown): Promise<IteratorResult<unknown>> {
  return { done: true, value };
}
