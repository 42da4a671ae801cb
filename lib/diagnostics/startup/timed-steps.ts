import { isObject } from '../../primitives/is-object.js';
import type { StartTimes } from './start-times.js';
import type { StartupStep } from './startup-report.js';

/** A step with its end, and the position of its module. */
export interface TimedStep {
  /** The injection token: of most steps, no name is needed. */
  readonly token: unknown;
  readonly module: number;
  readonly kind: StartupStep['kind'];
  readonly startedAt: number;
  readonly endedAt: number;
  addedMs: number;
}

/** Returns the steps of a start, each kind in the order of their ends. It yields after each small step. */
export function* timedSteps(
  times: StartTimes,
): Generator<void, { readonly instances: readonly TimedStep[]; readonly hooks: readonly TimedStep[] }, void> {
  const instances = yield* instancesOf(times);
  yield* setAdded(instances, times.observer.startedAt);
  const hooks = yield* hooksOf(times);
  yield* setAdded(hooks, times.init?.from ?? 0);
  return { instances, hooks };
}

/** Returns the time at which Nest began to create instances: it begins with all providers at once. */
export function creationOf({ modules, observer }: StartTimes): number {
  for (const { providers } of modules) {
    const initTime = providers.get(observer.token)?.initTime;
    if (initTime !== undefined) return observer.startedAt - initTime;
  }
  return observer.startedAt;
}

/** Returns the instances of the start whose creation was observed. */
function* instancesOf({ modules, observed }: StartTimes): Generator<void, TimedStep[], void> {
  const found: TimedStep[] = [];
  for (const [module, { providers, injectables, controllers }] of modules.entries()) {
    for (const group of [providers, injectables, controllers]) {
      for (const wrapper of group.values()) {
        yield;
        const { initTime } = wrapper;
        // The time of any other one is that of a request.
        if (initTime === undefined || wrapper.isAlias || wrapper.isTransient) continue;
        if (!wrapper.isDependencyTreeStatic()) continue;
        const time = observed(wrapper);
        if (time === undefined) continue;
        found.push({ token: wrapper.token, module, kind: 'instance', ...time, addedMs: 0 });
      }
    }
  }
  return found;
}

function* hooksOf({ modules, hooks, observer, init }: StartTimes): Generator<void, TimedStep[], void> {
  const owners = new Map<unknown, Pick<TimedStep, 'token' | 'module'>>();
  const found: TimedStep[] = [];
  for (const [index, { providers, injectables, controllers }] of modules.entries()) {
    if (init !== undefined && providers.has(observer.token)) {
      // The hook of the library itself runs when the watch begins.
      const { from, to } = init;
      const { name: token } = modules[index]!;
      found.push({ token, module: index, kind: 'onModuleInit', startedAt: from, endedAt: to, addedMs: 0 });
    }
    for (const group of [providers, injectables, controllers]) {
      for (const { token, instance, isAlias } of group.values()) {
        yield;
        if (!isAlias && isObject(instance) && !owners.has(instance)) {
          owners.set(instance, { token, module: index });
        }
      }
    }
  }
  for (const { instance, kind, startedAt, endedAt } of hooks) {
    yield;
    const owner = owners.get(instance);
    if (owner !== undefined) found.push({ ...owner, kind, startedAt, endedAt, addedMs: 0 });
  }
  return found;
}

/** Sorts steps by their ends, and sets the time by which each one made the start longer. */
function* setAdded(steps: TimedStep[], beganAt: number): Generator<void, void, void> {
  steps.sort((a, b) => a.endedAt - b.endedAt);
  let at = beganAt;
  for (const step of steps) {
    yield;
    step.addedMs = Math.max(step.endedAt - Math.max(at, step.startedAt), 0);
    at = Math.max(at, step.endedAt);
  }
}

/** Returns the steps that are kept, the slowest first. Sorting only so many of them at once blocks nobody. */
export function* slowestOf(steps: readonly TimedStep[], count: number): Generator<void, TimedStep[], void> {
  let kept: TimedStep[] = [];
  for (const step of steps) {
    yield;
    kept.push(step);
    if (kept.length === 2 * count) kept = slowestFirst(kept).slice(0, count);
  }
  return slowestFirst(kept).slice(0, count);
}

/** Returns rows in the order of the time by which each one made the start longer. */
export function slowestFirst<T extends { readonly addedMs: number }>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => b.addedMs - a.addedMs);
}
