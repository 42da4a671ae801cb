import { type Guard, isThenable } from './guard.js';
import type { Outcome } from './outcome.js';
import { standIn } from './stand-in.js';
import { failWith, followThenable, type SettlementObserver, settleWith } from './thenable.js';

type Step = (this: unknown, ...args: unknown[]) => unknown;

/** The methods of an iterator, to be called on it. */
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

/** An observer of one pass through an iterator. Nothing that it throws reaches whoever iterates. */
export interface IterationObserver {
  /** The first step is about to be made. */
  began?(): void;
  /** A value was given out. */
  given?(value: unknown): void;
  /** Whoever iterates wants no more, and the iterator is about to be told. */
  stopping?(): void;
  /** The pass has ended, with the error or with the last value of a success. Told once. */
  ended?(outcome: Outcome, detail: unknown): void;
}

/**
 * Returns an iterator that stands in for another one and observes how it is used. It is of the same class and has all
 * that the other one has, private fields included; it can be left early even if the other one has no `return()`.
 *
 * @param isAsync whether the steps of the iterator are promises
 * @param swallows ends an iteration that fails as if there was nothing more to come
 * @returns undefined if nothing can stand in for it
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
  const end = (outcome: Outcome, detail: unknown): void => {
    if (!isOpen) return;
    isOpen = false;
    observer.ended?.(outcome, detail);
  };
  const observerOf = (outcome: Outcome): SettlementObserver => ({
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
    outcome: Outcome,
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
  const followed = standIn(iterator, {
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
