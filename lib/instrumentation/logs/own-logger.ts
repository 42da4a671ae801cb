import { patchAccess } from '../../primitives/access-patch.js';
import type { Guard } from '../../primitives/guard.js';
import { LOG_LEVELS } from './log-levels.js';

/**
 * The watch of a logger of the application's own. A message is counted when its caller takes the method: no function of
 * this library is on the stack when the method runs, since such a logger may print the place that called it. The
 * arguments are not seen.
 */
export class OwnLogger {
  private readonly stops: (() => void)[];
  /** The context of the instance of Nest's `Logger` that takes a method next. */
  private context: unknown;

  /** @param record called with each message, and the context if it is known */
  constructor(
    private readonly logger: object,
    guard: Guard,
    private readonly record: (level: string, context: unknown) => void,
  ) {
    // A getter of the application is not called for nothing.
    const levels = LOG_LEVELS.filter((level) => guard.run(() => hasMethod(logger, level)) === true);
    this.stops = levels.map((level) => patchAccess(logger, level, guard, () => this.count(level)));
  }

  /** Notes that an instance of Nest's `Logger` is about to take a method. */
  expectCall(context: unknown): void {
    this.context = context;
  }

  stop(): void {
    for (const stop of this.stops) stop();
  }

  private count(level: string): void {
    const context = this.context ?? Object.getOwnPropertyDescriptor(this.logger, 'context')?.value;
    this.context = undefined;
    this.record(level, context);
  }
}

/** Returns true if an object has a method, its own or inherited, and not by a getter. */
function hasMethod(object: object, name: string): boolean {
  for (
    let owner: object | null = object;
    owner !== null;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    const found = Object.getOwnPropertyDescriptor(owner, name);
    if (found !== undefined) return typeof found.value === 'function';
  }
  return false;
}
