import { STATIC_CONTEXT } from '@nestjs/core/injector/constants.js';
import { Injector } from '@nestjs/core/injector/injector.js';
import { InstanceWrapper } from '@nestjs/core/injector/instance-wrapper.js';
import { Guard } from '../../primitives/guard.js';
import type { CallObserver } from '../../primitives/method-patch.js';
import { patchSharedMethod } from '../../primitives/shared-method-patch.js';
import type { InstanceTime } from './start-times.js';
import { unref } from '../../primitives/unref.js';

/** Age at which an observation ends by itself, in milliseconds. */
const LONGEST_START_MS = 60_000;
/** Time without the creation of an instance after which an observation ends, in milliseconds. */
const IDLE_MS = 1_000;

/** The times of the instances of all applications of the process, by how Nest keeps them. */
const TIMES = new WeakMap<object, InstanceTime>();

/**
 * The instrumentation of the creation of instances, until all of them exist.
 *
 * Nest measures each instance from a moment at which it begins with all of them, so that one slow constructor makes the time
 * of many others long. To find out which one it was, the calls of `Injector.instantiateClass()` are observed: Nest creates an
 * injector for itself and exposes none.
 *
 * It has no dependency, so that it is created before most of the others. Nest reports a start that fails to no provider: the
 * observation then ends with the instance that fails, or if it failed before, when no further instance is created.
 */
export class InstanceTimes {
  readonly startedAt = performance.now();
  private readonly endings: (() => void)[] = [];
  private inProgress = 0;
  private isIdle = false;

  constructor() {
    // An error of the observation affects no measurement, so that it is not reported.
    const guard = new Guard(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    // Later, since an application without monitoring ends the observation at once, and must have no timer.
    const later = unref(setImmediate(() => (timer = unref(setInterval(() => this.endIfIdle(), IDLE_MS)))));
    this.endings.push(
      patchSharedMethod(Injector.prototype, 'instantiateClass', guard, ([, wrapper]) =>
        this.begin(wrapper as WrapperLike),
      ),
      // Nest does so with an instance that it cannot create, also for want of a dependency. A request ends no start.
      patchSharedMethod(InstanceWrapper.prototype, 'removeInstanceByContextId', guard, ([contextId]) => {
        if (contextId === STATIC_CONTEXT) this.stop();
        return undefined;
      }),
      () => {
        clearImmediate(later);
        clearInterval(timer);
      },
    );
  }

  /** Returns the time in which an instance was created, by how Nest keeps it; undefined if that was not observed. */
  of(wrapper: object): InstanceTime | undefined {
    return TIMES.get(wrapper);
  }

  /** Ends the observation. */
  stop(): void {
    for (const end of this.endings.splice(0)) end();
  }

  private begin(wrapper: WrapperLike): CallObserver | undefined {
    // One that is created for each request or user is created again.
    if (TIMES.has(wrapper)) return undefined;
    const startedAt = performance.now();
    const time = { startedAt, endedAt: startedAt };
    TIMES.set(wrapper, time);
    this.inProgress++;
    this.isIdle = false;
    const ended = (): void => void (time.endedAt = performance.now());
    const settled = (): void => void this.inProgress--;
    const isClass = wrapper.inject === undefined || wrapper.inject === null;
    // The constructor of a class has run when the call returns. Nest awaits the promise of a factory itself.
    if (isClass) return { returned: ended, fulfilled: settled, rejected: settled };
    const endedLater = (): void => {
      ended();
      settled();
    };
    return { fulfilled: endedLater, rejected: settled };
  }

  /** Ends the observation if no instance has been created since the last call, or after too long. */
  private endIfIdle(): void {
    const age = performance.now() - this.startedAt;
    if ((this.isIdle && this.inProgress === 0) || age >= LONGEST_START_MS) this.stop();
    this.isIdle = true;
  }
}

/** A provider, controller or other injectable, as Nest keeps it. */
interface WrapperLike {
  readonly inject?: unknown;
}
