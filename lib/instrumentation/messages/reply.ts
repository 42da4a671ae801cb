import { isObservable, Observable } from 'rxjs';
import type { Outcome } from '../completion.js';

/** Told once of each message: how its reply ended, and whether that was known when it was handed over or later. */
export type ReplyEnd = (outcome: Outcome, by: 'settling' | 'streaming') => void;

/**
 * Hands on the reply to a message, and tells when it has come to its end: a promise when it settles, and an
 * Observable, also one that a promise brings, when it completes, fails or is unsubscribed from.
 *
 * @param isWanted whether somebody is still there to subscribe; nobody ever will to what comes when nobody is
 */
export function followReply(reply: unknown, end: ReplyEnd, isWanted = (): boolean => true): unknown {
  if (!isThenable(reply)) return followSettled(reply, end, isWanted);
  return reply.then(
    (value: unknown) => followSettled(value, end, isWanted),
    (error: unknown) => {
      end('error', 'settling');
      throw error;
    },
  );
}

function followSettled(value: unknown, end: ReplyEnd, isWanted: () => boolean): unknown {
  if (!isObservable(value)) {
    end('success', 'settling');
    return value;
  }
  if (!isWanted()) {
    end('cancelled', 'settling');
    return value;
  }
  let isOpen = true;
  const endOnce = (outcome: Outcome): void => {
    if (!isOpen) return;
    isOpen = false;
    end(outcome, 'streaming');
  };
  return new Observable<unknown>((subscriber) => {
    const subscription = value.subscribe({
      next: (part) => subscriber.next(part),
      error: (error: unknown) => {
        endOnce('error');
        subscriber.error(error);
      },
      complete: () => {
        endOnce('success');
        subscriber.complete();
      },
    });
    return () => {
      subscription.unsubscribe();
      endOnce('cancelled');
    };
  });
}

function isThenable(reply: unknown): reply is PromiseLike<unknown> {
  return (
    typeof reply === 'object' && reply !== null && typeof (reply as { then?: unknown }).then === 'function'
  );
}
