import type { Guard } from './guard.js';
import type { Outcome } from './outcome.js';
import { standIn } from './stand-in.js';

/** The part of an Observable that is used, of whichever copy of RxJS it is. */
export interface ObservableLike {
  subscribe(...observer: unknown[]): unknown;
  lift(operator: { call(subscriber: SubscriberLike, source: ObservableLike): unknown }): ObservableLike;
}

interface SubscriberLike {
  next(value: unknown): void;
  error(error: unknown): void;
  complete(): void;
  add(teardown: () => void): void;
}

/** A function that is told once how a subscription ended: with the error, or with the last value of a success. */
export type SubscriptionEnd = (outcome: Outcome, detail: unknown) => void;

/** Methods of an Observable that have to begin at the stand-in, so that what they subscribe to is observed. */
const DERIVING: ReadonlySet<PropertyKey> = new Set([
  'pipe',
  'lift',
  'forEach',
  'toPromise',
  'asObservable',
  '@@observable',
  (Symbol as { readonly observable?: symbol }).observable ?? '@@observable',
]);

/** Returns whether a value is an Observable, as RxJS itself tells. */
export function isObservable(value: unknown): value is ObservableLike {
  if (typeof value !== 'object' || value === null) return false;
  const { lift, subscribe } = value as Partial<ObservableLike>;
  return typeof lift === 'function' && typeof subscribe === 'function';
}

/**
 * Returns an Observable that stands in for another one and observes each subscription. It is of the same class and
 * has all that the other one has, private fields included.
 *
 * @param begin called at each subscription; returns a function that is told of its end
 * @param swallows completes a subscription that fails
 * @returns undefined if nothing can stand in for it
 */
export function followObservable(
  source: ObservableLike,
  begin: () => SubscriptionEnd,
  guard: Guard,
  swallows = false,
): ObservableLike | undefined {
  const followed = source.lift({
    call(subscriber, from) {
      const end = endOnce(guard.run(begin), guard);
      let last: unknown;
      const observed: Partial<SubscriberLike> = {
        next(value) {
          last = value;
          subscriber.next(value);
        },
        error(error) {
          end('error', error);
          if (swallows) subscriber.complete();
          else subscriber.error(error);
        },
        complete() {
          end('success', last);
          subscriber.complete();
        },
      };
      subscriber.add(() => end('cancelled', undefined));
      from.subscribe(standIn(subscriber, observed) ?? subscriber);
    },
  });
  const subscribe = (...observer: unknown[]): unknown => followed.subscribe(...observer);
  return standIn(source, { subscribe }, DERIVING);
}

function endOnce(end: SubscriptionEnd | undefined, guard: Guard): SubscriptionEnd {
  let isOpen = end !== undefined;
  return (outcome, detail) => {
    if (!isOpen) return;
    isOpen = false;
    try {
      end?.(outcome, detail);
    } catch (error) {
      guard.report(error);
    }
  };
}
