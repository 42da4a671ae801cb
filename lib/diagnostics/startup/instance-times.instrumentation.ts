import { Injector } from '@nestjs/core/injector/injector.js';
import { Guard } from '../../primitives/guard.js';
import type { CallObserver } from '../../primitives/method-patch.js';
import { patchSharedMethod } from '../../primitives/shared-method-patch.js';
import type { InstanceTime } from './start-reader.js';

/** Age from which on an observation ends with the next instance, in milliseconds: Nest reports some failing starts to no provider. */
const LONGEST_START_MS = 60_000;

/** The times of the instances of all applications of the process, by how Nest keeps them. */
const TIMES = new WeakMap<object, InstanceTime>();

/**
 * The instrumentation of the creation of instances, until all of them exist.
 *
 * Nest measures each instance from a moment at which it begins with all of them, so that one slow constructor makes the time
 * of many others long. To tell which one it was, the calls of `Injector.instantiateClass()` are observed: Nest creates an
 * injector for itself and exposes none.
 *
 * It has no dependency, so that it is created before most of the others.
 */
export class InstanceTimes {
  readonly startedAt = performance.now();
  private readonly restore: () => void;

  constructor() {
    // An error of the observation affects no measurement, so that it is not reported.
    const guard = new Guard(() => undefined);
    const failed = (): void => this.stop();
    this.restore = patchSharedMethod(Injector.prototype, 'instantiateClass', guard, ([, wrapper]) => {
      if (performance.now() - this.startedAt <= LONGEST_START_MS) {
        return beginInstance(wrapper as WrapperLike, failed);
      }
      this.stop();
      return undefined;
    });
  }

  /** Returns the time in which an instance was created, by how Nest keeps it; undefined if that was not observed. */
  of(wrapper: object): InstanceTime | undefined {
    return TIMES.get(wrapper);
  }

  /** Ends the observation. */
  stop(): void {
    this.restore();
  }
}

/** A provider, controller or other injectable, as Nest keeps it. */
interface WrapperLike {
  readonly inject?: unknown;
  isDependencyTreeStatic(): boolean;
}

/** @param onFailure called when an instance cannot be created, which ends the start */
function beginInstance(wrapper: WrapperLike, onFailure: () => void): CallObserver | undefined {
  // One that is created for each request or user is created again.
  if (TIMES.has(wrapper)) return undefined;
  const startedAt = performance.now();
  const time = { startedAt, endedAt: startedAt };
  TIMES.set(wrapper, time);
  const ended = (): void => void (time.endedAt = performance.now());
  // A request, of another application as well, ends no start.
  const rejected = (): void => void (wrapper.isDependencyTreeStatic() && onFailure());
  const isClass = wrapper.inject === undefined || wrapper.inject === null;
  // The constructor of a class has run when the call returns. Nest awaits the promise of a factory itself.
  return isClass ? { returned: ended, rejected } : { fulfilled: ended, rejected };
}
