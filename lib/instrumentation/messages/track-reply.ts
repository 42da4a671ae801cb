import type { CallScope } from '../../primitives/method-patch.js';
import type { Guard } from '../../primitives/guard.js';
import { isThenable } from '../../primitives/guard.js';
import { followObservable, isObservable } from '../../primitives/follow-observable.js';
import type { CallOutcome } from '../../primitives/call-outcome.js';
import { followThenable } from '../../primitives/follow-thenable.js';

/** The way in which a reply ends: a value or a promise settles, an Observable streams. */
export type ReplyKind = 'settling' | 'streaming';

/** A callback that receives the outcome of a reply. */
export type ReplyEnd = (outcome: CallOutcome, kind: ReplyKind) => void;

/**
 * Tracks a reply to a message until it ends, and returns the reply to pass on in its place.
 *
 * A promise ends when it settles. An Observable, also one that a promise resolves to, ends when it completes, fails or
 * is unsubscribed from. `end` is called once.
 *
 * @param scope async context in which an Observable runs. @default that of its subscriber
 * @param isConnected returns false if the client has disconnected, so that a resolved Observable gets no subscriber
 */
export function trackReply(
  reply: unknown,
  end: ReplyEnd,
  guard: Guard,
  isConnected = (): boolean => true,
  scope?: CallScope,
): unknown {
  let isOpen = true;
  const endOnce: ReplyEnd = (outcome, kind) => {
    if (!isOpen) return;
    isOpen = false;
    guard.run(() => end(outcome, kind));
  };
  const trackSettled = (value: unknown): unknown => {
    if (!isObservable(value)) {
      endOnce('success', 'settling');
      return value;
    }
    if (!isConnected()) {
      endOnce('cancelled', 'settling');
      return value;
    }
    return (
      followObservable(value, () => (outcome) => endOnce(outcome, 'streaming'), guard, { scope }) ?? value
    );
  };
  if (!isThenable(reply)) return trackSettled(reply);
  const observer = {
    replaceValue: trackSettled,
    rejected: () => endOnce('error', 'settling'),
  };
  return followThenable(reply, observer, guard) ?? reply;
}
