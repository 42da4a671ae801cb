import { EMPTY, isObservable, Observable } from 'rxjs';
// Not from 'rxjs', which has them only since 7.2.
import { catchError, finalize, tap } from 'rxjs/operators';

/** How a call ended: `cancelled` if nobody took the rest of what it had to give. */
export type Outcome = 'success' | 'error' | 'cancelled';

/** What is told of a call. It must not throw. */
export interface Measurement {
  /** Begins; what it returns is given back when the call has ended. */
  start(): number;
  /**
   * Told once for each call.
   *
   * @param detail the error; of a success the value, which is the last one of a stream
   */
  end(startedAt: number, outcome: Outcome, detail: unknown): void;
}

/**
 * Hands on what a call returned, and tells when it has come to its end.
 *
 * - A promise comes back as the promise that follows it, and any other thenable as a promise: a query that runs
 *   when it is awaited runs once, and a rejection that nobody handles is seen as such.
 * - An Observable comes back as one that measures each subscription; to unsubscribe is to cancel.
 * - A generator or an async iterator comes back as one that is measured from the first `next()`; to stop early is
 *   to cancel.
 * - Anything else has ended. A Subject is such a value, since it can be written to, and so is a stream of Node.
 *
 * @param swallow ends what fails as if it had nothing more to give, instead of handing the error on
 */
export function handOn(
  result: unknown,
  measurement: Measurement,
  startedAt: number,
  swallow: boolean,
): unknown {
  switch (kindOf(result)) {
    case 'promise':
      return followPromise(result as PromiseLike<unknown>, measurement, startedAt, swallow);
    case 'observable':
      return followObservable(result as Observable<unknown>, measurement, swallow);
    case 'async iterator':
      return followIterator(result as AnyIterator, measurement, swallow, true);
    case 'generator':
      return followIterator(result as AnyIterator, measurement, swallow, false);
    default:
      measurement.end(startedAt, 'success', result);
      return result;
  }
}

type Kind = 'promise' | 'observable' | 'async iterator' | 'generator' | 'value';

/** Whatever the iterator, sync or async. */
interface AnyIterator {
  next(...args: unknown[]): unknown;
  return?(...args: unknown[]): unknown;
  throw?(...args: unknown[]): unknown;
}

function kindOf(result: unknown): Kind {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return 'value';
  try {
    const { then, next, on } = result as Record<string, unknown>;
    if (typeof then === 'function') return 'promise';
    if (isObservable(result)) return isSubject(result) ? 'value' : 'observable';
    if (typeof next !== 'function' || typeof on === 'function') return 'value';
    if (typeof (result as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === 'function') {
      return 'async iterator';
    }
    return Object.prototype.toString.call(result) === '[object Generator]' ? 'generator' : 'value';
  } catch {
    // A getter that throws: whoever uses the result will see it, and not here.
    return 'value';
  }
}

/** Whether it is a Subject itself; what comes of piping one has an operator. */
function isSubject(observable: Observable<unknown>): boolean {
  const { next, operator } = observable as unknown as Record<string, unknown>;
  return typeof next === 'function' && operator === undefined;
}

function followPromise(
  result: PromiseLike<unknown>,
  measurement: Measurement,
  startedAt: number,
  swallow: boolean,
): unknown {
  // What is no promise may have a then() that returns nothing or throws: a promise takes care of that.
  const promise = result instanceof Promise ? result : Promise.resolve(result);
  return promise.then(
    (value: unknown) => {
      measurement.end(startedAt, 'success', value);
      return value;
    },
    (error: unknown) => {
      measurement.end(startedAt, 'error', error);
      if (!swallow) throw error;
    },
  );
}

function followObservable(
  source: Observable<unknown>,
  measurement: Measurement,
  swallow: boolean,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const startedAt = measurement.start();
    let last: unknown;
    const end = endOnce(measurement);
    const followed = source.pipe(
      tap({
        next: (value) => (last = value),
        error: (error) => end(startedAt, 'error', error),
        complete: () => end(startedAt, 'success', last),
      }),
      finalize(() => end(startedAt, 'cancelled', undefined)),
    );
    return (swallow ? followed.pipe(catchError(() => EMPTY)) : followed).subscribe(subscriber);
  });
}

function followIterator(
  iterator: AnyIterator,
  measurement: Measurement,
  swallow: boolean,
  isAsync: boolean,
): unknown {
  let startedAt: number | undefined;
  let last: unknown;
  const end = endOnce(measurement);

  const arrived = (step: unknown, outcome: Outcome): unknown => {
    const { done, value } = step as IteratorResult<unknown>;
    if (done === true) end(startedAt ?? NaN, outcome, last);
    else last = value;
    return step;
  };
  const failed = (error: unknown): unknown => {
    end(startedAt ?? NaN, 'error', error);
    if (!swallow) throw error;
    return { done: true, value: undefined };
  };
  const advance = (by: () => unknown, outcome: Outcome): unknown => {
    startedAt ??= measurement.start();
    if (isAsync) {
      return settled(by).then((step: unknown) => arrived(step, outcome), failed);
    }
    let step: unknown;
    try {
      step = by();
    } catch (error) {
      return failed(error);
    }
    return arrived(step, outcome);
  };

  const followed: object = Object.create(iterator, {
    next: method((...args) => advance(() => iterator.next(...args), 'success')),
    // Also where the iterator has none, so that stopping early is noticed.
    return: method((...args) =>
      advance(() => iterator.return?.(...args) ?? { done: true, value: args[0] }, 'cancelled'),
    ),
    ...(typeof iterator.throw === 'function' && {
      throw: method((...args) => advance(() => iterator.throw?.(...args), 'success')),
    }),
    [isAsync ? Symbol.asyncIterator : Symbol.iterator]: method(() => followed),
  }) as object;
  return followed;
}

/** What is done now, as a promise whether it returns or throws. */
async function settled(work: () => unknown): Promise<unknown> {
  return await work();
}

function method(value: (...args: unknown[]) => unknown): PropertyDescriptor {
  return { value, configurable: true, writable: true };
}

function endOnce(measurement: Measurement): Measurement['end'] {
  let open = true;
  return (startedAt, outcome, detail) => {
    if (!open) return;
    open = false;
    measurement.end(startedAt, outcome, detail);
  };
}
