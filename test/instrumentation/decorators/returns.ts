import { firstValueFrom, lastValueFrom, type Observable, of, Subject, throwError } from 'rxjs';
import type { FakeClock } from '../../metrics/support.js';

/** What a decorated method does, how what it returns is used, and how the call should end. */
export interface Return {
  readonly title: string;
  readonly call: (clock: FakeClock) => unknown;
  /** Uses what came back, to its end, and says what it got. */
  readonly use: (returned: unknown, clock: FakeClock) => unknown;
  readonly outcome: 'success' | 'error' | 'cancelled';
  /** How long the call lasts. */
  readonly seconds: number;
  /** What {@link use} gets; of an error this very reference. */
  readonly got: unknown;
  /** What a gauge is set to. */
  readonly value?: number;
  /** What {@link use} gets if errors are swallowed. */
  readonly gotSwallowed?: unknown;
}

export class Failure extends Error {}

export const FAILURE = new Failure('declined');

const NO_NUMBER = Object.freeze({ total: 5 });

const asIs = (returned: unknown): unknown => returned;

async function collect(returned: unknown, upTo = Infinity): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of returned as AsyncIterable<unknown>) {
    values.push(value);
    if (values.length >= upTo) break;
  }
  return values;
}

function collectSync(returned: unknown, upTo = Infinity): unknown[] {
  const values: unknown[] = [];
  for (const value of returned as Iterable<unknown>) {
    values.push(value);
    if (values.length >= upTo) break;
  }
  return values;
}

async function* numbers(clock: FakeClock, failAfter = Infinity): AsyncGenerator<number> {
  for (let i = 1; i <= 3; i++) {
    if (i > failAfter) throw FAILURE;
    yield i;
    await Promise.resolve();
    if (i === 1) clock.advance(2_000);
  }
}

function* numbersSync(clock: FakeClock, failAfter = Infinity): Generator<number> {
  for (let i = 1; i <= 3; i++) {
    if (i > failAfter) throw FAILURE;
    yield i;
    if (i === 1) clock.advance(2_000);
  }
}

/** A query as a query builder makes it: it runs whenever somebody waits for it. */
export class LazyQuery {
  runs = 0;

  // oxlint-disable-next-line unicorn/no-thenable
  then<T>(resolve: (rows: number) => T): Promise<T> {
    this.runs++;
    return Promise.resolve(7).then(resolve);
  }
}

/** An iterator that is no generator, and has nothing but what it must have. */
class Countdown implements AsyncIterableIterator<number> {
  #left = 2;

  next(): Promise<IteratorResult<number>> {
    const value = this.#left--;
    return Promise.resolve(value > 0 ? { done: false, value } : { done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function late<T>(clock: FakeClock, settle: () => T): Promise<T> {
  return Promise.resolve().then(() => {
    clock.advance(2_000);
    return settle();
  });
}

function fail(): never {
  throw FAILURE;
}

const toObservable = (returned: unknown): Observable<unknown> => returned as Observable<unknown>;

export const RETURNS: readonly Return[] = [
  {
    title: 'a value',
    call: (clock) => (clock.advance(2_000), 5),
    use: asIs,
    outcome: 'success',
    seconds: 2,
    got: 5,
    value: 5,
  },
  {
    title: 'an object',
    call: (clock) => (clock.advance(2_000), NO_NUMBER),
    use: asIs,
    outcome: 'success',
    seconds: 2,
    got: NO_NUMBER,
  },
  {
    title: 'nothing',
    call: (clock) => clock.advance(2_000),
    use: asIs,
    outcome: 'success',
    seconds: 2,
    got: undefined,
  },
  {
    title: 'what is thrown',
    call: (clock) => {
      clock.advance(2_000);
      throw FAILURE;
    },
    use: asIs,
    outcome: 'error',
    seconds: 2,
    got: FAILURE,
  },
  {
    title: 'a promise',
    call: (clock) => late(clock, () => 5),
    use: asIs,
    outcome: 'success',
    seconds: 2,
    got: 5,
    value: 5,
  },
  {
    title: 'a rejection',
    call: (clock) => late(clock, fail),
    use: asIs,
    outcome: 'error',
    seconds: 2,
    got: FAILURE,
  },
  {
    title: 'a bare thenable',
    call: (clock) => ({ then: (resolve: (value: number) => void) => (clock.advance(2_000), resolve(5)) }),
    use: asIs,
    outcome: 'success',
    seconds: 2,
    got: 5,
    value: 5,
  },
  {
    title: 'a bare thenable that fails',
    call: (clock) => ({
      then: (_: unknown, reject: (error: unknown) => void) => (clock.advance(2_000), reject(FAILURE)),
    }),
    use: asIs,
    outcome: 'error',
    seconds: 2,
    got: FAILURE,
  },
  {
    title: 'a thenable that throws',
    call: (clock) => ({ then: () => (clock.advance(2_000), fail()) }),
    use: asIs,
    outcome: 'error',
    seconds: 2,
    got: FAILURE,
  },
  {
    title: 'a lazy query',
    call: (clock) => (clock.advance(2_000), new LazyQuery()),
    use: asIs,
    outcome: 'success',
    seconds: 2,
    got: 7,
    value: 7,
  },
  {
    title: 'an Observable that completes',
    call: () => of(1, 2, 3),
    use: (returned) => lastValueFrom(toObservable(returned)),
    outcome: 'success',
    seconds: 0,
    got: 3,
    value: 3,
  },
  {
    title: 'an Observable that fails',
    call: () => throwError(() => FAILURE),
    use: (returned) => lastValueFrom(toObservable(returned), { defaultValue: 'none' }),
    outcome: 'error',
    seconds: 0,
    got: FAILURE,
    gotSwallowed: 'none',
  },
  {
    title: 'an Observable of which the first is taken',
    call: () => of(1, 2, 3),
    use: (returned) => firstValueFrom(toObservable(returned)),
    outcome: 'cancelled',
    seconds: 0,
    got: 1,
  },
  {
    title: 'an Observable that is unsubscribed from',
    call: () => new Subject().asObservable(),
    use: (returned, clock) => {
      const subscription = toObservable(returned).subscribe();
      clock.advance(2_000);
      subscription.unsubscribe();
      subscription.unsubscribe();
    },
    outcome: 'cancelled',
    seconds: 2,
    got: undefined,
  },
  {
    title: 'an async generator',
    call: (clock) => numbers(clock),
    use: (returned) => collect(returned),
    outcome: 'success',
    seconds: 2,
    got: [1, 2, 3],
    value: 3,
  },
  {
    title: 'an async generator that fails',
    call: (clock) => numbers(clock, 2),
    use: (returned) => collect(returned),
    outcome: 'error',
    seconds: 2,
    got: FAILURE,
    gotSwallowed: [1, 2],
  },
  {
    title: 'an async generator that is left early',
    call: (clock) => numbers(clock),
    use: (returned) => collect(returned, 2),
    outcome: 'cancelled',
    seconds: 2,
    got: [1, 2],
  },
  {
    title: 'an async iterator without return()',
    call: () => new Countdown(),
    use: (returned) => collect(returned),
    outcome: 'success',
    seconds: 0,
    got: [2, 1],
    value: 1,
  },
  {
    title: 'an async iterator without return() that is left early',
    call: () => new Countdown(),
    use: (returned) => collect(returned, 1),
    outcome: 'cancelled',
    seconds: 0,
    got: [2],
  },
  {
    title: 'a generator',
    call: (clock) => numbersSync(clock),
    use: (returned) => collectSync(returned),
    outcome: 'success',
    seconds: 2,
    got: [1, 2, 3],
    value: 3,
  },
  {
    title: 'a generator that fails',
    call: (clock) => numbersSync(clock, 2),
    use: (returned) => collectSync(returned),
    outcome: 'error',
    seconds: 2,
    got: FAILURE,
    gotSwallowed: [1, 2],
  },
  {
    title: 'a generator that is left early',
    call: (clock) => numbersSync(clock),
    use: (returned) => collectSync(returned, 2),
    outcome: 'cancelled',
    seconds: 2,
    got: [1, 2],
  },
];
