import type { CallScope } from './method-patch.js';
import type { Guard } from './guard.js';
import type { CallOutcome } from './call-outcome.js';
import { overridingProxy } from './overriding-proxy.js';

/** The part of an Observable that is used, of any copy of RxJS. */
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

/** A function that is called once at the end of a subscription, with the error, or with the last value of a success. */
export type SubscriptionEnd = (outcome: CallOutcome, detail: unknown) => void;

/** The options of {@link followObservable}. */
export interface FollowOptions {
  /** True to complete a subscription that fails. @default false */
  readonly swallows?: boolean;
  /** Async context in which the Observable runs. @default that of its subscriber */
  readonly scope?: CallScope | undefined;
}

/** The methods of an Observable that must be called on the proxy, so that their subscriptions are observed. */
const DERIVING: ReadonlySet<PropertyKey> = new Set([
  'pipe',
  'lift',
  'forEach',
  'toPromise',
  'asObservable',
  '@@observable',
  (Symbol as { readonly observable?: symbol }).observable ?? '@@observable',
]);

/** Returns true if a value is an Observable, by the test of RxJS itself. */
export function isObservable(value: unknown): value is ObservableLike {
  if (typeof value !== 'object' || value === null) return false;
  const { lift, subscribe } = value as Partial<ObservableLike>;
  return typeof lift === 'function' && typeof subscribe === 'function';
}

/**
 * Returns a proxy of an Observable that observes each subscription. It has the class and all members of the original,
 * private fields included.
 *
 * @param begin called at each subscription; returns the function to call at its end
 * @returns undefined if a proxy is impossible
 */
export function followObservable(
  source: ObservableLike,
  begin: () => SubscriptionEnd,
  guard: Guard,
  { swallows = false, scope }: FollowOptions = {},
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
      const subscribe = (): unknown => from.subscribe(overridingProxy(subscriber, observed) ?? subscriber);
      if (scope === undefined) subscribe();
      else scope.run(subscribe);
    },
  });
  const subscribe = (...observer: unknown[]): unknown => followed.subscribe(...observer);
  return overridingProxy(source, { subscribe }, DERIVING);
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
