import type { Guard } from '../../primitives/guard.js';
import { LOG_LEVELS } from './log-levels.js';

/**
 * The watch of a logger of the application's own. Each of its methods becomes an accessor that returns the method
 * itself, so that a message is counted when its caller takes the method: no function of this library is on the stack
 * when it runs, since such a logger may print the place that called it. The arguments are not seen.
 */
export class OwnLogger {
  private readonly stops: (() => void)[];
  /** The context of the instance of Nest's `Logger` that takes a method next. */
  private context: unknown;

  /** @param record called with each message, and the context if it is known */
  constructor(
    private readonly logger: object,
    private readonly guard: Guard,
    private readonly record: (level: string, context: unknown) => void,
  ) {
    this.stops = LOG_LEVELS.map((level) => guard.run(() => this.observe(level)) ?? (() => undefined));
  }

  /** Notes that an instance of Nest's `Logger` is about to take a method. */
  expectCall(context: unknown): void {
    this.context = context;
  }

  stop(): void {
    for (const stop of this.stops) this.guard.run(stop);
  }

  private observe(level: string): () => void {
    const { logger } = this;
    const own = Object.getOwnPropertyDescriptor(logger, level);
    const found = own ?? inherited(logger, level);
    // A getter of the application is not called for nothing, and a frozen logger stays as it is.
    if (typeof found?.value !== 'function' || own?.configurable === false || !Object.isExtensible(logger)) {
      return () => undefined;
    }
    const { guard } = this;
    const count = (): void => this.count(level);
    const accessor: PropertyDescriptor = {
      configurable: true,
      enumerable: own?.enumerable ?? false,
      get(this: unknown): unknown {
        try {
          count();
        } catch (error) {
          guard.report(error);
        }
        return own === undefined ? Reflect.get(Object.getPrototypeOf(logger) as object, level, this) : own.value;
      },
      set(this: object, value: unknown) {
        Reflect.defineProperty(this, level, { value, configurable: true, enumerable: true, writable: true });
      },
    };
    if (!Reflect.defineProperty(logger, level, accessor)) return () => undefined;
    return () => {
      if (Object.getOwnPropertyDescriptor(logger, level)?.get !== accessor.get) return;
      if (own === undefined) Reflect.deleteProperty(logger, level);
      else Reflect.defineProperty(logger, level, own);
    };
  }

  private count(level: string): void {
    const context = this.context ?? Object.getOwnPropertyDescriptor(this.logger, 'context')?.value;
    this.context = undefined;
    this.record(level, context);
  }
}

/** Returns a property that an object inherits. */
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
