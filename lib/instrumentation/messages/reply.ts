import type { Guard } from '../../primitives/guard.js';
import { isThenable } from '../../primitives/guard.js';
import { followObservable, isObservable } from '../../primitives/observable.js';
import type { Outcome } from '../../primitives/outcome.js';
import { followThenable } from '../../primitives/thenable.js';

/** A function that is told how a reply ended, and whether by settling or by streaming. */
export type ReplyEnd = (outcome: Outcome, by: 'settling' | 'streaming') => void;

/**
 * Follows the reply to a message to its end, and returns what is to be handed on in its place: a promise ends when it
 * settles, and an Observable, also one that a promise brings, when it completes, fails or is unsubscribed from. Only
 * the first end is told.
 *
 * @param isWanted returns whether somebody is still there to subscribe to what a promise brings
 */
export function followReply(
  reply: unknown,
  end: ReplyEnd,
  guard: Guard,
  isWanted = (): boolean => true,
): unknown {
  let isOpen = true;
  const endOnce: ReplyEnd = (outcome, by) => {
    if (!isOpen) return;
    isOpen = false;
    guard.run(() => end(outcome, by));
  };
  const followSettled = (value: unknown): unknown => {
    if (!isObservable(value)) {
      endOnce('success', 'settling');
      return value;
    }
    if (!isWanted()) {
      endOnce('cancelled', 'settling');
      return value;
    }
    return followObservable(value, () => (outcome) => endOnce(outcome, 'streaming'), guard) ?? value;
  };
  if (!isThenable(reply)) return followSettled(reply);
  const observer = {
    replaceValue: followSettled,
    rejected: () => endOnce('error', 'settling'),
  };
  return followThenable(reply, observer, guard) ?? reply;
}
