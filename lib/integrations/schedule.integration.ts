import type { ModulesContainer } from '@nestjs/core';
import type { Guard } from '../primitives/guard.js';
import { patchMethod } from '../primitives/method-patch.js';

/** The kind of a job: a decorator of `@nestjs/schedule`, or a cron job that was added by hand. */
export type ScheduleType = 'cron' | 'interval' | 'timeout';

export type ScheduledMethod = (this: unknown, ...args: unknown[]) => unknown;

/** Puts something in the place of the method of a job. */
export type ReplaceJob = (name: string, type: ScheduleType, method: ScheduledMethod) => ScheduledMethod;

/** The part that is used of the `SchedulerRegistry` of `@nestjs/schedule`. */
interface SchedulerRegistry {
  addInterval(name: string, timer: NodeJS.Timeout): void;
  deleteInterval(name: string): void;
  getInterval(name: string): unknown;
  getIntervals(): string[];
  addCronJob(name: string, job: CronJob): void;
  getCronJobs(): Map<string, CronJob>;
}

/** The part that is used of a `CronJob` of `cron`. */
interface CronJob {
  /** First the method that was given as `onTick`. */
  readonly _callbacks?: ScheduledMethod[];
}

/** The part that is used of the `ScheduleExplorer` of `@nestjs/schedule`, which finds what is decorated. */
interface ScheduleExplorer {
  /** Called for each method, whose errors end there. */
  wrapFunctionInTryCatchBlocks(method: ScheduledMethod, instance: object): ScheduledMethod;
}

/** The part that is used of the `SchedulerOrchestrator` of `@nestjs/schedule`, which starts what is decorated. */
interface SchedulerOrchestrator {
  readonly cronJobs: Readonly<Record<string, unknown>>;
}

/** The metadata that the decorators of `@nestjs/schedule` leave on a method. */
const SCHEDULER_NAME = 'SCHEDULER_NAME';
const SCHEDULER_TYPE = 'SCHEDULER_TYPE';
const TYPES: Readonly<Record<number, ScheduleType>> = { 1: 'cron', 2: 'timeout', 3: 'interval' };

/** The jobs of `@nestjs/schedule`, in an application that uses it. */
export class ScheduleIntegration {
  private scheduler: SchedulerRegistry | undefined;

  /** @param modules must have been filled when the first timer is shown */
  constructor(private readonly modules: ModulesContainer) {}

  /** True if the application uses the package. */
  get isUsed(): boolean {
    return this.findScheduler() !== undefined;
  }

  /**
   * Shows an interval under a name in the `SchedulerRegistry`, with a number behind it if the name is taken.
   *
   * @returns a function that takes it out again
   */
  readonly nameInterval = (name: string, timer: NodeJS.Timeout): (() => void) => {
    const scheduler = this.findScheduler();
    if (scheduler === undefined) return () => undefined;
    const taken = new Set(scheduler.getIntervals());
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}.${number}`;
    scheduler.addInterval(free, timer);
    return () => {
      const isThere = scheduler.getIntervals().includes(free) && scheduler.getInterval(free) === timer;
      if (isThere) scheduler.deleteInterval(free);
    };
  };

  /**
   * Has the methods of jobs replaced: of what is decorated, if it is called before the modules are initialised, and
   * of the cron jobs that are added to the `SchedulerRegistry`. Of the intervals and timeouts that are added to it
   * there is nothing but a timer.
   *
   * @param replace is given the name of the job, or else `Class.method`
   * @param guard keeps what it throws out of the package
   */
  replaceJobs(replace: ReplaceJob, guard: Guard): void {
    const explorer = this.find('ScheduleExplorer');
    if (isExplorer(explorer)) replaceDecorated(explorer, replace, guard);
    const orchestrator = this.find('SchedulerOrchestrator');
    const scheduler = this.findScheduler();
    if (scheduler && isOrchestrator(orchestrator)) replaceAdded(scheduler, orchestrator, replace, guard);
  }

  private findScheduler(): SchedulerRegistry | undefined {
    if (this.scheduler === undefined) {
      const found = this.find('SchedulerRegistry');
      if (isScheduler(found)) this.scheduler = found;
    }
    return this.scheduler;
  }

  /** Found by the name of its class, so that the package is not needed. */
  private find(className: string): object | undefined {
    for (const { providers } of this.modules.values()) {
      for (const [token, { instance }] of providers) {
        if (typeof token === 'function' && token.name === className && isObject(instance)) return instance;
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
    // It throws if the name is taken.
    returned: () => replaceIn(name as string, job as CronJob),
  }));
  for (const [name, job] of scheduler.getCronJobs()) guard.run(() => replaceIn(name, job));
}

/** `Class.method`, by the name that the method has on the instance. */
function nameOf(method: ScheduledMethod, instance: object): string {
  const key = methodNames(instance).find((name) => (instance as Record<string, unknown>)[name] === method);
  return [instance.constructor.name, key ?? method.name].filter((part) => part !== '').join('.');
}

function methodNames(instance: object): string[] {
  const names: string[] = [];
  for (
    let home = Object.getPrototypeOf(instance) as object | null;
    home !== null && home !== Object.prototype;
    home = Object.getPrototypeOf(home) as object | null
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(home))) {
      if (typeof value === 'function') names.push(name);
    }
  }
  return names;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function hasMethods(candidate: unknown, ...names: readonly string[]): boolean {
  return isObject(candidate) && names.every((name) => typeof Reflect.get(candidate, name) === 'function');
}

function isScheduler(candidate: unknown): candidate is SchedulerRegistry {
  return hasMethods(
    candidate,
    'addInterval',
    'deleteInterval',
    'getInterval',
    'getIntervals',
    'addCronJob',
    'getCronJobs',
  );
}

function isExplorer(candidate: unknown): candidate is ScheduleExplorer {
  return hasMethods(candidate, 'wrapFunctionInTryCatchBlocks');
}

function isOrchestrator(candidate: unknown): candidate is SchedulerOrchestrator {
  return isObject(candidate) && isObject(Reflect.get(candidate, 'cronJobs'));
}
