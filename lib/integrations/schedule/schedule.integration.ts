import type { ModulesContainer } from '@nestjs/core';
import type { Guard } from '../../primitives/guard.js';
import { patchMethod } from '../../primitives/method-patch.js';
import { hasMethods, methodNames } from '../object-shape.js';
import { freeName } from '../../primitives/free-name.js';
import { isObject } from '../../primitives/is-object.js';

/** The kind of a job: by the decorator of `@nestjs/schedule`, or `cron` for a job that was added by hand. */
export type ScheduleType = 'cron' | 'interval' | 'timeout';

/** The method of a job. */
export type ScheduledMethod = (this: unknown, ...args: unknown[]) => unknown;

/** A function that returns a replacement for the method of a job. */
export type ReplaceJob = (name: string, type: ScheduleType, method: ScheduledMethod) => ScheduledMethod;

/** The used part of the `SchedulerRegistry` of `@nestjs/schedule`. */
interface SchedulerRegistry {
  addInterval(name: string, timer: NodeJS.Timeout): void;
  deleteInterval(name: string): void;
  getInterval(name: string): unknown;
  getIntervals(): string[];
  addCronJob(name: string, job: CronJob): void;
  getCronJobs(): Map<string, CronJob>;
}

/** The used part of a `CronJob` of `cron`. */
interface CronJob {
  /** The first one is the method given as `onTick`. */
  readonly _callbacks?: ScheduledMethod[];
}

/** The used part of the `ScheduleExplorer` of `@nestjs/schedule`, which finds decorated methods. */
interface ScheduleExplorer {
  /** Wraps each decorated method in a function that logs its errors. */
  wrapFunctionInTryCatchBlocks(method: ScheduledMethod, instance: object): ScheduledMethod;
}

/** The used part of the `SchedulerOrchestrator` of `@nestjs/schedule`, which starts decorated jobs. */
interface SchedulerOrchestrator {
  readonly cronJobs: Readonly<Record<string, unknown>>;
}

/** The keys and values of the metadata that the decorators of `@nestjs/schedule` set on a method. */
const SCHEDULER_NAME = 'SCHEDULER_NAME';
const SCHEDULER_TYPE = 'SCHEDULER_TYPE';
const TYPES: Readonly<Record<number, ScheduleType>> = { 1: 'cron', 2: 'timeout', 3: 'interval' };

/** The timers and jobs of `@nestjs/schedule`, in an application that uses it. */
export class ScheduleIntegration {
  private scheduler: SchedulerRegistry | undefined;
  /** The number of modules among which there was no scheduler. */
  private modulesWithout = 0;

  /** @param modules must be filled before the first timer is registered */
  constructor(private readonly modules: ModulesContainer) {}

  /** True if the application uses `@nestjs/schedule`. */
  get isUsed(): boolean {
    return this.findScheduler() !== undefined;
  }

  /**
   * Registers an interval with the `SchedulerRegistry`, under the name or the next free one, such as `deals.2`. Does
   * nothing without `@nestjs/schedule`.
   *
   * @returns a function that unregisters the interval
   */
  readonly registerTimer = (name: string, timer: NodeJS.Timeout): (() => void) => {
    const scheduler = this.findScheduler();
    if (scheduler === undefined) return () => undefined;
    const taken = new Set(scheduler.getIntervals());
    const unique = freeName(name, (other) => taken.has(other), '.');
    scheduler.addInterval(unique, timer);
    return () => {
      // The application may have deleted the interval and used its name.
      const isOurs = scheduler.getIntervals().includes(unique) && scheduler.getInterval(unique) === timer;
      if (isOurs) scheduler.deleteInterval(unique);
    };
  };

  /**
   * Replaces the methods of decorated jobs, if called before the modules are initialised, and of cron jobs that are
   * added to the `SchedulerRegistry`. Intervals and timeouts that are added to it are bare timers and have no method.
   *
   * @param replace receives the name of the job, or else `Class.method`
   * @param guard reports errors of `replace`
   */
  replaceJobs(replace: ReplaceJob, guard: Guard): void {
    const explorer = this.find('ScheduleExplorer');
    if (isExplorer(explorer)) replaceDecorated(explorer, replace, guard);
    const orchestrator = this.find('SchedulerOrchestrator');
    const scheduler = this.findScheduler();
    if (scheduler && isOrchestrator(orchestrator)) replaceAdded(scheduler, orchestrator, replace, guard);
  }

  private findScheduler(): SchedulerRegistry | undefined {
    if (this.scheduler === undefined && this.modules.size !== this.modulesWithout) {
      const candidate = this.find('SchedulerRegistry');
      if (isScheduler(candidate)) this.scheduler = candidate;
      else this.modulesWithout = this.modules.size;
    }
    return this.scheduler;
  }

  /** Returns a provider by the name of its class, which needs no import of the package. */
  private find(className: string): object | undefined {
    for (const { providers } of this.modules.values()) {
      for (const [token, wrapper] of providers) {
        if (typeof token !== 'function' || token.name !== className) continue;
        const { instance } = wrapper;
        if (isObject(instance)) return instance;
      }
    }
    return undefined;
  }
}

function replaceDecorated(explorer: ScheduleExplorer, replace: ReplaceJob, guard: Guard): void {
  patchMethod(explorer, 'wrapFunctionInTryCatchBlocks', guard, (args) => {
    const [method, instance, ...rest] = args as [ScheduledMethod, object, ...unknown[]];
    const type = TYPES[Reflect.getMetadata(SCHEDULER_TYPE, method) as number];
    if (type === undefined) return undefined;
    const given: unknown = Reflect.getMetadata(SCHEDULER_NAME, method);
    const name = typeof given === 'string' && given !== '' ? given : nameOf(method, instance);
    return { args: [replace(name, type, method), instance, ...rest] };
  });
}

function replaceAdded(
  scheduler: SchedulerRegistry,
  orchestrator: SchedulerOrchestrator,
  replace: ReplaceJob,
  guard: Guard,
): void {
  const replaced = new WeakSet<CronJob>();
  const replaceIn = (name: string, job: CronJob): void => {
    const callbacks = job._callbacks;
    const isDecorated = Object.hasOwn(orchestrator.cronJobs, name);
    if (isDecorated || !Array.isArray(callbacks) || callbacks[0] === undefined || replaced.has(job)) return;
    replaced.add(job);
    callbacks[0] = replace(name, 'cron', callbacks[0]);
  };
  patchMethod(scheduler, 'addCronJob', guard, ([name, job]) => ({
    // After the call, which throws if the name is in use.
    returned: () => replaceIn(name as string, job as CronJob),
  }));
  for (const [name, job] of scheduler.getCronJobs()) guard.run(() => replaceIn(name, job));
}

/** Returns `Class.method`, with the name of the method on the instance. */
function nameOf(method: ScheduledMethod, instance: object): string {
  const prototype = Object.getPrototypeOf(instance) as object | null;
  const key = [...methodNames(prototype)].find(
    (name) => (instance as Record<string, unknown>)[name] === method,
  );
  return [instance.constructor.name, key ?? method.name].filter((part) => part !== '').join('.');
}

function isScheduler(candidate: object | undefined): candidate is SchedulerRegistry {
  return (
    candidate !== undefined &&
    hasMethods(
      candidate,
      'addInterval',
      'deleteInterval',
      'getInterval',
      'getIntervals',
      'addCronJob',
      'getCronJobs',
    )
  );
}

function isExplorer(candidate: object | undefined): candidate is ScheduleExplorer {
  return candidate !== undefined && hasMethods(candidate, 'wrapFunctionInTryCatchBlocks');
}

function isOrchestrator(candidate: object | undefined): candidate is SchedulerOrchestrator {
  return candidate !== undefined && isObject(Reflect.get(candidate, 'cronJobs'));
}
