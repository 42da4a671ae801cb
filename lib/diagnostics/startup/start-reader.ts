import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { isObject } from '../../primitives/is-object.js';
import { redactSecrets } from '../../primitives/redact.js';
import { inTimeSlices } from '../../primitives/time-slices.js';
import {
  STARTUP_PHASES,
  type StartupModule,
  type StartupNode,
  type StartupPhase,
  type StartupPhaseName,
  type StartupReport,
  type StartupStep,
} from './startup-report.js';

/** Maximum number of modules, and of steps, that are kept. */
const MAX_MODULES = 200;
const MAX_STEPS = 300;
/** Number of steps that the log names. */
const LOGGED_STEPS = 10;
/** Steps that took less are not worth a line, in milliseconds. */
const LOGGED_MS = 1;
/** Maximum length of a name, in UTF-16 code units. */
const MAX_NAME = 100;

/** A provider, controller or other injectable, as Nest keeps it. */
export interface StartedInstance {
  readonly token: unknown;
  readonly instance: unknown;
  readonly isAlias: boolean;
  readonly isTransient: boolean;
  /** Time from the beginning of its creation to its end, in milliseconds. */
  readonly initTime?: number;
  isDependencyTreeStatic(): boolean;
}

/** The time in which an instance was created. */
export interface InstanceTime {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** A module, as Nest keeps it. */
export interface StartedModule {
  readonly name: string;
  readonly providers: ReadonlyMap<unknown, StartedInstance>;
  readonly injectables: ReadonlyMap<unknown, StartedInstance>;
  readonly controllers: ReadonlyMap<unknown, StartedInstance>;
}

/** One hook of one instance. */
export interface StartedHook {
  readonly instance: object;
  readonly kind: 'onModuleInit' | 'onApplicationBootstrap';
  readonly startedAt: number;
  readonly endedAt: number;
}

interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

/** The known times of a start, in milliseconds since the process started. */
export interface StartTimes {
  readonly modules: readonly StartedModule[];
  readonly hooks: readonly StartedHook[];
  /** A token of each module of this library. */
  readonly ownTokens: readonly unknown[];
  /** Undefined for an application that is not the first one of its process. */
  readonly imports: { readonly libraryMs: number; readonly definedAt: number } | undefined;
  /** Returns the time in which an instance was created, by how Nest keeps it; undefined if that was not observed. */
  readonly observed: (wrapper: object) => InstanceTime | undefined;
  /** The provider that observes the others once it is created. */
  readonly observer: { readonly token: unknown; readonly startedAt: number };
  /** The steps of monitoring at each moment of the start. */
  readonly init: TimeSpan | undefined;
  readonly bootstrap: TimeSpan | undefined;
  readonly started: TimeSpan | undefined;
  readonly listeningAt: number | undefined;
}

/** A step with its end, and the position of its module. */
interface TimedStep {
  /** The injection token: of most steps, no name is needed. */
  readonly token: unknown;
  readonly module: number;
  readonly kind: StartupStep['kind'];
  readonly startedAt: number;
  readonly endedAt: number;
  addedMs: number;
}

/** Reads the times of a start, in slices of time. */
export function readStart(times: StartTimes): Promise<StartupReport> {
  return inTimeSlices(startSteps(times));
}

/** Returns the line of the log that names the slowest steps; undefined if none was slow. */
export function slowestLine({ steps, totalMs }: StartupReport): string | undefined {
  const slow = steps.filter(({ addedMs }) => addedMs >= LOGGED_MS).slice(0, LOGGED_STEPS);
  if (slow.length === 0) return undefined;
  const named = slow.map(({ name, module, kind, addedMs }) => {
    const hook = kind === 'instance' ? '' : `${kind} of `;
    return `${hook}${name} in ${module} ${Math.round(addedMs)} ms`;
  });
  return `The start took ${Math.round(totalMs)} ms. Slowest: ${named.join(', ')}.`;
}

/** Reads the times of a start. It yields after each small step. */
export function* startSteps(times: StartTimes): Generator<void, StartupReport, void> {
  const { modules, init } = times;
  const beganAt = creationOf(times);
  const instances = yield* instancesOf(times);
  yield* setAdded(instances, times.observer.startedAt);
  const hooks = yield* hooksOf(times);
  yield* setAdded(hooks, init?.from ?? 0);
  const phases = phasesOf(times, beganAt, instances.at(-1)?.endedAt ?? beganAt);
  const steps = [...instances, ...hooks];
  const monitoring = yield* monitoringOf(times, steps);
  const rows = yield* moduleRows(modules, steps);
  const kept = yield* slowestOf(steps);
  const named = yield* namedSteps(modules, kept);
  const start = phases[0]?.startMs ?? 0;
  const last = phases.at(-1);
  const totalMs = last === undefined ? 0 : last.startMs + last.durationMs - start;
  const tree = yield* treeOf(modules, phases, totalMs, kept);
  return {
    startedAt: performance.timeOrigin + start,
    totalMs,
    phases: phases.map((phase) => ({ ...phase, startMs: phase.startMs - start })),
    monitoring,
    modules: rows.slice(0, MAX_MODULES),
    steps: named,
    omitted: { modules: Math.max(rows.length - MAX_MODULES, 0), steps: steps.length - kept.length },
    tree,
  };
}

/** Returns the time at which Nest began to create instances: it begins with all providers at once. */
function creationOf({ modules, observer }: StartTimes): number {
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
function* slowestOf(steps: readonly TimedStep[]): Generator<void, TimedStep[], void> {
  let kept: TimedStep[] = [];
  for (const step of steps) {
    yield;
    kept.push(step);
    if (kept.length === 2 * MAX_STEPS) kept = slowestFirst(kept).slice(0, MAX_STEPS);
  }
  return slowestFirst(kept).slice(0, MAX_STEPS);
}

function slowestFirst<T extends { readonly addedMs: number }>(rows: readonly T[]): T[] {
  return rows.toSorted((a, b) => b.addedMs - a.addedMs);
}

function* namedSteps(
  modules: readonly StartedModule[],
  steps: readonly TimedStep[],
): Generator<void, StartupStep[], void> {
  const named: StartupStep[] = [];
  for (const { token, module, kind, startedAt, endedAt, addedMs } of steps) {
    yield;
    const name = textOf(token);
    named.push({
      name,
      module: moduleName(modules, module),
      kind,
      durationMs: endedAt - startedAt,
      addedMs,
    });
  }
  return named;
}

function phasesOf(
  { imports, init, bootstrap, started, listeningAt }: StartTimes,
  beganAt: number,
  createdAt: number,
): StartupPhase[] {
  const { bootstrapComplete } = performance.nodeTiming;
  /** The end of each phase that is known. */
  const ends: Partial<Record<StartupPhaseName, number | undefined>> = {
    ...(imports && { node: Math.max(bootstrapComplete, 0), imports: imports.definedAt, scan: beganAt }),
    instances: createdAt,
    setup: init?.from,
    on_module_init: bootstrap?.from,
    on_application_bootstrap: started?.to,
    listen: listeningAt,
  };
  let at = imports === undefined ? beganAt : 0;
  const phases: StartupPhase[] = [];
  for (const phase of STARTUP_PHASES) {
    const end = ends[phase];
    if (end === undefined) continue;
    const durationMs = Math.max(end - at, 0);
    phases.push({ phase, startMs: at, durationMs });
    at += durationMs;
  }
  return phases;
}

function* monitoringOf(
  { modules, ownTokens, imports, init, bootstrap, started }: StartTimes,
  steps: readonly TimedStep[],
): Generator<void, StartupReport['monitoring'], void> {
  const own = new Set(
    modules.flatMap(({ providers }, index) =>
      ownTokens.some((token) => providers.has(token)) ? [index] : [],
    ),
  );
  let instancesMs = 0;
  for (const { module, kind, addedMs } of steps) {
    yield;
    if (kind === 'instance' && own.has(module)) instancesMs += addedMs;
  }
  const hooksMs = [init, bootstrap, started].reduce(
    (sum, moment) => sum + (moment === undefined ? 0 : moment.to - moment.from),
    0,
  );
  const importMs = imports?.libraryMs ?? 0;
  return { importMs, instancesMs, hooksMs, totalMs: importMs + instancesMs + hooksMs };
}

function* moduleRows(
  modules: readonly StartedModule[],
  steps: readonly TimedStep[],
): Generator<void, StartupModule[], void> {
  const rows = new Map<number, { -readonly [Key in keyof StartupModule]: StartupModule[Key] }>();
  for (const { module, kind, addedMs } of steps) {
    yield;
    let row = rows.get(module);
    if (row === undefined) {
      const name = moduleName(modules, module);
      rows.set(module, (row = { name, instances: 0, hooks: 0, instancesMs: 0, hooksMs: 0, addedMs: 0 }));
    }
    row.addedMs += addedMs;
    if (kind === 'instance') {
      row.instances++;
      row.instancesMs += addedMs;
    } else {
      row.hooks++;
      row.hooksMs += addedMs;
    }
  }
  return slowestFirst([...rows.values()]);
}

/** The phases in which the steps of each kind ran. */
const PHASE_OF: Readonly<Record<StartupStep['kind'], StartupPhaseName>> = {
  instance: 'instances',
  onModuleInit: 'on_module_init',
  onApplicationBootstrap: 'on_application_bootstrap',
};

function* treeOf(
  modules: readonly StartedModule[],
  phases: readonly StartupPhase[],
  totalMs: number,
  steps: readonly TimedStep[],
): Generator<void, StartupNode, void> {
  const children: StartupNode[] = [];
  for (const { phase, durationMs } of phases) {
    const byModule = new Map<number, { name: string; ms: number; children: StartupNode[] }>();
    for (const { token, module, kind, addedMs } of steps) {
      if (PHASE_OF[kind] !== phase) continue;
      yield;
      let node = byModule.get(module);
      if (node === undefined) {
        byModule.set(module, (node = { name: moduleName(modules, module), ms: 0, children: [] }));
      }
      node.ms += addedMs;
      node.children.push({ name: textOf(token), ms: addedMs });
    }
    const found = [...byModule.values()].toSorted((a, b) => b.ms - a.ms);
    children.push({ name: phase, ms: durationMs, ...(found.length > 0 && { children: found }) });
  }
  return { name: 'start', ms: totalMs, children };
}

function moduleName(modules: readonly StartedModule[], index: number): string {
  return safeName(modules[index]?.name ?? '');
}

function textOf(token: unknown): string {
  if (typeof token === 'function') return safeName(token.name);
  if (typeof token === 'symbol') return safeName(token.description ?? 'symbol');
  // The text of an object comes from the application.
  return typeof token === 'string' ? safeName(token) : '(object)';
}

/** A token may be a text from a configuration. */
function safeName(name: string): string {
  return boundedLabelValue(redactSecrets(name), MAX_NAME);
}
