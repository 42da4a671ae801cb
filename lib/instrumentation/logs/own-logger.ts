import type { Guard } from '../../primitives/guard.js';
import { observeFunction } from '../../primitives/method-patch.js';
import { LOG_LEVELS } from './log-levels.js';

type Record = (level: string, context: unknown) => void;

/**
 * The watch of a logger of the application's own. Each of its methods becomes an accessor that returns the method: a
 * message that an instance of Nest's `Logger` passes on is counted when it takes the method, so that no function of
 * this library is on the stack when the method runs. Any other caller gets a version of the method that counts its calls.
 */
export class OwnLogger {
  private readonly stops: (() => void)[];
  /** The context of the instance of `Logger` that takes a method next; undefined if none does. */
  private expected: string | undefined;

  constructor(
    private readonly logger: object,
    private readonly guard: Guard,
    private readonly record: Record,
  ) {
    this.stops = LOG_LEVELS.map((level) => guard.run(() => this.observe(level)) ?? (() => undefined));
  }

  /** Notes that an instance of `Logger` is about to take a method. */
  expectCall(context: unknown): void {
    this.expected = typeof context === 'string' && context !== '' ? context : undefined;
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private observe(level: string): () => void {
    const { logger } = this;
    const own = Object.getOwnPropertyDescriptor(logger, level);
    const found = own ?? inherited(logger, level);
    if (typeof found?.value !== 'function' || own?.configurable === false || !Object.isExtensible(logger)) {
      return () => undefined;
    }
    const counted = new WeakMap<object, unknown>();
    const currentMethod = (): unknown =>
      own === undefined ? Reflect.get(Object.getPrototypeOf(logger) as object, level, logger) : own.value;
    const take = (receiver: unknown): unknown => this.take(level, receiver, currentMethod(), counted);
    const accessor: PropertyDescriptor = {
      configurable: true,
      enumerable: own?.enumerable ?? false,
      get(this: unknown) {
        return take(this);
      },
      set(this: object, value: unknown) {
        Reflect.defineProperty(this, level, { value, configurable: true, enumerable: true, writable: true });
      },
    };
    Reflect.defineProperty(logger, level, accessor);
    return () => {
      if (Object.getOwnPropertyDescriptor(logger, level)?.get !== accessor.get) return;
      if (own === undefined) Reflect.deleteProperty(logger, level);
      else Reflect.defineProperty(logger, level, own);
    };
  }

  private take(
    level: string,
    receiver: unknown,
    method: unknown,
    counted: WeakMap<object, unknown>,
  ): unknown {
    const { expected } = this;
    this.expected = undefined;
    if (typeof method !== 'function') return method;
    if (receiver === this.logger && expected !== undefined) {
      this.record(level, expected);
      return method;
    }
    const known = counted.get(method);
    if (known !== undefined) return known;
    const observed = observeFunction(method, this.guard, (args) => {
      this.record(level, contextOf(args));
      return undefined;
    });
    counted.set(method, observed);
    return observed;
  }
}

/** Returns the context of a call as Nest passes it: its last argument, if that is a string and not the message. */
function contextOf(args: readonly unknown[]): unknown {
  const last = args.length > 1 ? args.at(-1) : undefined;
  return typeof last === 'string' ? last : undefined;
}

function inherited(object: object, name: string): PropertyDescriptor | undefined {
  for (
    let owner = Object.getPrototypeOf(object) as object | null;
    owner !== null;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    const found = Object.getOwnPropertyDescriptor(owner, name);
    if (found !== undefined) return found;
  }
  return undefined;
}
