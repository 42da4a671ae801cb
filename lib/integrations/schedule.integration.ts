import type { ModulesContainer } from '@nestjs/core';

/** What is used of the `SchedulerRegistry` of `@nestjs/schedule`. */
interface SchedulerRegistry {
  addInterval(name: string, timer: NodeJS.Timeout): void;
  deleteInterval(name: string): void;
  getInterval(name: string): unknown;
  getIntervals(): string[];
}

/** Shows the timers of monitoring in the `SchedulerRegistry` of an application that uses `@nestjs/schedule`. */
export class ScheduleIntegration {
  private scheduler: SchedulerRegistry | undefined;

  /** @param modules must have been filled when the first timer is shown */
  constructor(private readonly modules: ModulesContainer) {}

  /**
   * Shows an interval under a name, with a number behind it if the name is taken.
   *
   * @returns how to take it out again; both do nothing in an application that does not use `@nestjs/schedule`
   */
  readonly nameInterval = (name: string, timer: NodeJS.Timeout): (() => void) => {
    this.scheduler ??= findScheduler(this.modules);
    const { scheduler } = this;
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
}

/** Found by the name of its class, so that the package is not needed. */
function findScheduler(modules: ModulesContainer): SchedulerRegistry | undefined {
  for (const { providers } of modules.values()) {
    for (const [token, { instance }] of providers) {
      if (typeof token === 'function' && token.name === 'SchedulerRegistry' && isScheduler(instance)) {
        return instance;
      }
    }
  }
  return undefined;
}

function isScheduler(candidate: unknown): candidate is SchedulerRegistry {
  if (typeof candidate !== 'object' || candidate === null) return false;
  const methods = candidate as Record<string, unknown>;
  return ['addInterval', 'deleteInterval', 'getInterval', 'getIntervals'].every(
    (method) => typeof methods[method] === 'function',
  );
}
