import { inTimeSlices } from '../../primitives/time-slices.js';
import { safeName } from '../process-info/safe-name.js';
import type { StartedModule, StartTimes } from './start-times.js';
import {
  STARTUP_PHASES,
  type StartupModule,
  type StartupNode,
  type StartupPhase,
  type StartupPhaseName,
  type StartupReport,
  type StartupStep,
} from './startup-report.js';
import { creationOf, slowestFirst, slowestOf, type TimedStep, timedSteps } from './timed-steps.js';

/** Maximum number of modules, and of steps, that are kept. */
const MAX_MODULES = 200;
const MAX_STEPS = 300;
/** Number of steps that the log names. */
const LOGGED_STEPS = 3;
/** Steps that took less are not worth a line, in milliseconds. */
const LOGGED_MS = 1;
/** Maximum length of a name, in UTF-16 code units. */
const MAX_NAME = 100;

/** Reads the times of a start, in slices of time. */
export function readStart(times: StartTimes): Promise<StartupReport> {
  return inTimeSlices(startSteps(times));
}

/**
 * Returns the line of the log that names the phases and the slowest steps of the application; undefined if nothing was slow.
 *
 * @param ownModules names of the modules of this library
 */
export function slowestLine(
  { steps, phases, totalMs }: Pick<StartupReport, 'steps' | 'phases' | 'totalMs'>,
  ownModules: ReadonlySet<string>,
): string | undefined {
  const slow = steps.filter(({ addedMs }) => addedMs >= LOGGED_MS);
  if (slow.length === 0) return undefined;
  const times = phases
    .filter(({ durationMs }) => durationMs >= LOGGED_MS)
    .map(({ phase, durationMs }) => `${phase} ${Math.round(durationMs)} ms`);
  const ofApplication = slow.filter(({ module }) => !ownModules.has(module)).slice(0, LOGGED_STEPS);
  const named = ofApplication.map(({ name, module, kind, addedMs }) => {
    const hook = kind === 'instance' ? '' : `${kind} of `;
    return `${hook}${name} in ${module} ${Math.round(addedMs)} ms`;
  });
  const sentences = [`The start took ${Math.round(totalMs)} ms`, times.join(', ')].filter(Boolean).join(': ');
  return named.length === 0 ? `${sentences}.` : `${sentences}. Slowest: ${named.join(', ')}.`;
}

/** Returns the positions of the modules of this library. */
function* ownModulesOf({ modules, ownTokens }: StartTimes): Generator<number, void, void> {
  for (const [index, { providers }] of modules.entries()) {
    if (ownTokens.some((token) => providers.has(token))) yield index;
  }
}

/** Returns the names, as the steps have them, that only modules of this library have. */
export function ownModuleNames(times: StartTimes): ReadonlySet<string> {
  const { modules } = times;
  const own = new Set(ownModulesOf(times));
  const names = new Set(Array.from(own, (index) => moduleName(modules, index)));
  for (const index of modules.keys()) if (!own.has(index)) names.delete(moduleName(modules, index));
  return names;
}

/** Reads the times of a start. It yields after each small step. */
export function* startSteps(times: StartTimes): Generator<void, StartupReport, void> {
  const { modules } = times;
  const beganAt = creationOf(times);
  const { instances, hooks } = yield* timedSteps(times);
  const phases = phasesOf(times, beganAt, instances.at(-1)?.endedAt ?? beganAt);
  const steps = [...instances, ...hooks];
  const monitoring = yield* monitoringOf(times, steps);
  const rows = yield* moduleRows(modules, steps);
  const kept = yield* slowestOf(steps, MAX_STEPS);
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
  times: StartTimes,
  steps: readonly TimedStep[],
): Generator<void, StartupReport['monitoring'], void> {
  const { imports, init, bootstrap, started } = times;
  const own = new Set(ownModulesOf(times));
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
  return safeName(modules[index]?.name ?? '', MAX_NAME);
}

function textOf(token: unknown): string {
  if (typeof token === 'function') return safeName(token.name, MAX_NAME);
  if (typeof token === 'symbol') return safeName(token.description ?? 'symbol', MAX_NAME);
  // The text of an object comes from the application.
  return typeof token === 'string' ? safeName(token, MAX_NAME) : '(object)';
}
