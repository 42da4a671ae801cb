import type { HealthReport } from '../../health/health-report.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { TimeRange } from '../views/time-range.js';
import type {
  DependencyCard,
  DependencyCheck,
  DependencyFact,
  DependencyKind,
  FoundDependencies,
} from './dependency-card.js';
import { DependencyFacts, FAILED_JOBS, LOCKS_WAITING, MEMORY, POOL } from './dependency-facts.js';
import { DependencyFigureReader, type DependencyFigures } from './dependency-figures.js';
import { CRITICAL_PERCENT, DEPENDENCY_KINDS, type DependencyKindDefinition } from './dependency-kinds.js';

/** The most dependencies of one kind that are shown, the busiest first. */
const MAX_OF_KIND = 50;
const WARNING_PERCENT = 5;
const RANK = { critical: 0, warning: 1, unknown: 2, ok: 3 } as const;

/** Returns a card for each dependency, the worst first. Yields after each small step. */
export function* dependencyCards(
  history: DashboardHistory,
  range: TimeRange,
  found: FoundDependencies,
  checks: HealthReport['checks'],
): Generator<void, { cards: DependencyCard[]; omitted: number }, void> {
  const cards: DependencyCard[] = [];
  let omitted = 0;
  for (const definition of DEPENDENCY_KINDS) {
    const reader = new DependencyFigureReader(history, definition, range);
    const figures = yield* reader.read();
    for (const name of namesFound(definition, found)) {
      if (!figures.some((each) => each.name === name)) figures.push(reader.without(name));
    }
    figures.sort((a, b) => b.perSecond - a.perSecond);
    omitted += Math.max(0, figures.length - MAX_OF_KIND);
    const facts = yield* DependencyFacts.read(history, definition.kind, range.until ?? history.lastSample);
    for (const each of figures.slice(0, MAX_OF_KIND)) {
      cards.push(cardOf(definition, each, figures.length, facts, found, checks));
      yield;
    }
  }
  cards.sort((a, b) => RANK[a.state] - RANK[b.state] || timeOf(b) - timeOf(a));
  return { cards, omitted };
}

/** The time that the application spends on a dependency, roughly. */
function timeOf({ perSecond, p95 = 0 }: DependencyCard): number {
  return perSecond * p95;
}

function namesFound({ kind }: DependencyKindDefinition, found: FoundDependencies): readonly string[] {
  if (kind === 'queue') return found.queues;
  return kind === 'database' ? [...new Set(found.databases.map(({ system }) => system))] : [];
}

function cardOf(
  definition: DependencyKindDefinition,
  figures: DependencyFigures,
  count: number,
  known: DependencyFacts,
  found: FoundDependencies,
  all: HealthReport['checks'],
): DependencyCard {
  const { kind } = definition;
  const databases = found.databases.filter(({ system }) => kind === 'database' && system === figures.name);
  const names = kind === 'database' ? databases.map(({ name }) => name) : [figures.name];
  const facts = known.of(names, count === 1);
  const checks = checksOf(definition, names, count, all);
  const reasons: (readonly ['warning' | 'critical', string])[] = [
    ...errorReasons(definition, figures),
    ...facts.flatMap(reasonOfFact),
    ...checks.flatMap(reasonOfCheck),
  ];
  const isCritical = reasons.some(([severity]) => severity === 'critical');
  const isKnown = figures.windowMs > 0 || checks.length > 0;
  return {
    kind,
    ...figures,
    facts,
    checks,
    state: isCritical ? 'critical' : reasons.length > 0 ? 'warning' : isKnown ? 'ok' : 'unknown',
    reasons: reasons.toSorted(([a], [b]) => a.localeCompare(b)).map(([, text]) => text),
    details: detailsOf(kind, names, found),
  };
}

function detailsOf(
  kind: DependencyKind,
  names: readonly string[],
  { postgresql, queues }: FoundDependencies,
): readonly string[] {
  if (kind === 'database') return names.filter((name) => postgresql.includes(name));
  return kind === 'queue' ? names.filter((name) => queues.includes(name)) : [];
}

function errorReasons(
  { word }: DependencyKindDefinition,
  { errorPercent = 0 }: DependencyFigures,
): (readonly ['warning' | 'critical', string])[] {
  if (errorPercent < WARNING_PERCENT) return [];
  const severity = errorPercent >= CRITICAL_PERCENT ? 'critical' : 'warning';
  return [[severity, `${Number(errorPercent.toPrecision(3))} % of the ${word} fail.`]];
}

function reasonOfFact({
  title,
  value,
  max,
  waiting = 0,
}: DependencyFact): (readonly ['warning' | 'critical', string])[] {
  if (waiting > 0) {
    const callers = waiting === 1 ? '1 caller waits' : `${waiting} callers wait`;
    const used = max === undefined ? '' : `: ${value} of ${max} are used`;
    return [['warning', `${callers} for a connection of the pool ${title.slice(POOL.length)}${used}.`]];
  }
  if (title === FAILED_JOBS && value > 0) {
    return [['warning', value === 1 ? '1 job has failed for good.' : `${value} jobs have failed for good.`]];
  }
  if (title === LOCKS_WAITING && value > 0) {
    return [['warning', value === 1 ? '1 lock is waited for.' : `${value} locks are waited for.`]];
  }
  if (title === MEMORY && max !== undefined && value / max >= 0.9) {
    return [['warning', `${Math.round((value / max) * 100)} % of the memory limit is used.`]];
  }
  return [];
}

function reasonOfCheck({
  name,
  status,
  message,
}: DependencyCheck): (readonly ['warning' | 'critical', string])[] {
  if (status === 'healthy') return [];
  return [[status === 'degraded' ? 'warning' : 'critical', `Health check ${name}: ${message}`]];
}

/** Returns the health checks of a dependency: those of its name, and that of its kind if it is the only one. */
function checksOf(
  { check }: DependencyKindDefinition,
  names: readonly string[],
  count: number,
  all: HealthReport['checks'],
): DependencyCheck[] {
  if (check === undefined) return [];
  const wanted = new Set(names.map((name) => `${check}.${name.replace(/[^\w.-]+/g, '_')}`.slice(0, 90)));
  if (count === 1 || names.includes('default')) wanted.add(check);
  return Object.entries(all)
    .filter(([name]) => wanted.has(name) || (count === 1 && name.startsWith(`${check}.`)))
    .map(([name, { status, message }]) => ({ name, status, message }));
}
