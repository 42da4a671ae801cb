import type { HealthReport } from '../health/health-report.js';
import type { HealthStatus } from '../health/health-status.js';
import type { LabelMatchers } from '../query/label-matchers.js';
import type { MetricsHistory } from '../query/metrics-history.js';
import {
  CACHE_METRICS,
  DATABASE_METRICS,
  OUTGOING_HTTP_METRICS,
  QUEUE_METRICS,
  REDIS_METRICS,
} from '../metrics/metric-names.js';
import { rounded } from './rounding.js';
import type { Unit } from './views/panel.js';
import type { TimeRange } from './views/time-range.js';

/** A kind of dependency. */
export type DependencyKind = 'database' | 'redis' | 'cache' | 'queue' | 'remote';

/** A part of a dependency that may run full, or a value to know. */
export interface DependencyFact {
  readonly title: string;
  readonly value: number;
  /** Value at which it is full. */
  readonly max?: number;
  /** Number of callers that wait for it. */
  readonly waiting?: number;
  readonly unit: Unit;
}

/** A health check of a dependency. */
export interface DependencyCheck {
  readonly name: string;
  readonly status: HealthStatus;
  readonly message: string;
}

/** A database, Redis client, cache, queue or remote host, and how it is over a range. */
export interface DependencyCard {
  readonly kind: DependencyKind;
  readonly name: string;
  /** Calls per second, on average over the window. */
  readonly perSecond: number;
  readonly failedPerSecond: number;
  /** Percentage of the calls that failed; absent without calls. */
  readonly errorPercent?: number;
  /** 95th percentile of the duration, in seconds. */
  readonly p95?: number;
  /** Window of the figures, in milliseconds: the range, or the part of it that is covered by samples. */
  readonly windowMs: number;
  /** Calls per second over the range; null where unknown. */
  readonly trend: readonly (number | null)[];
  readonly facts: readonly DependencyFact[];
  readonly checks: readonly DependencyCheck[];
  readonly state: 'ok' | 'warning' | 'critical' | 'unknown';
  /** Sentences that say why it is not ok. */
  readonly reasons: readonly string[];
  /** Names of the databases or queues of which more can be read. */
  readonly details: readonly string[];
}

/** The names of what the application depends on, as its clients are found. */
export interface FoundDependencies {
  readonly databases: readonly { readonly name: string; readonly system: string }[];
  /** Names of the PostgreSQL databases that can be looked into. */
  readonly postgresql: readonly string[];
  readonly queues: readonly string[];
}

/** The metrics of one kind of dependency. */
interface KindDefinition {
  readonly kind: DependencyKind;
  /** Label that names a dependency. */
  readonly label: string;
  /** Counters or histograms whose rates add up to the calls. */
  readonly calls: readonly string[];
  /** Counters of failures, with the series that count. */
  readonly failures: readonly (readonly [metric: string, labels?: LabelMatchers])[];
  readonly duration: string;
  /** Prefix of the names of its health checks. */
  readonly check?: string;
  /** Word for its calls. */
  readonly word: string;
}

const KINDS: readonly KindDefinition[] = [
  {
    kind: 'database',
    label: 'system',
    calls: [DATABASE_METRICS.duration],
    failures: [[DATABASE_METRICS.errors]],
    duration: DATABASE_METRICS.duration,
    check: 'database',
    word: 'statements',
  },
  {
    kind: 'redis',
    label: 'client',
    calls: [REDIS_METRICS.commandDuration],
    failures: [[REDIS_METRICS.commandErrors]],
    duration: REDIS_METRICS.commandDuration,
    check: 'redis',
    word: 'commands',
  },
  {
    kind: 'cache',
    label: 'cache',
    calls: [CACHE_METRICS.duration],
    failures: [[CACHE_METRICS.errors]],
    duration: CACHE_METRICS.duration,
    check: 'cache',
    word: 'operations',
  },
  {
    kind: 'queue',
    label: 'queue',
    calls: [QUEUE_METRICS.duration],
    failures: [[QUEUE_METRICS.failed]],
    duration: QUEUE_METRICS.duration,
    check: 'bullmq',
    word: 'jobs',
  },
  {
    kind: 'remote',
    label: 'host',
    calls: [OUTGOING_HTTP_METRICS.requests],
    failures: [[OUTGOING_HTTP_METRICS.requests, { status_code: /5\d\d/ }], [OUTGOING_HTTP_METRICS.errors]],
    duration: OUTGOING_HTTP_METRICS.duration,
    word: 'requests',
  },
];

/** The most dependencies of one kind that are shown, the busiest first. */
const MAX_OF_KIND = 50;
const TREND_POINTS = 40;
/** The shortest window of a rate, in sampling intervals. */
const MIN_WINDOW_INTERVALS = 4;
const WARNING_PERCENT = 5;
const CRITICAL_PERCENT = 50;
const RANK = { critical: 0, warning: 1, unknown: 2, ok: 3 } as const;

/** Returns a card for each dependency, the worst first. Yields after each small step. */
export function* dependencyCards(
  history: MetricsHistory,
  range: TimeRange,
  found: FoundDependencies,
  checks: HealthReport['checks'],
): Generator<void, { cards: DependencyCard[]; omitted: number }, void> {
  const cards: DependencyCard[] = [];
  let omitted = 0;
  for (const definition of KINDS) {
    const reader = new KindReader(history, definition, range);
    const figures = yield* reader.read();
    for (const name of namesFound(definition, found)) {
      if (!figures.some((each) => each.name === name)) figures.push(reader.without(name));
    }
    figures.sort((a, b) => b.perSecond - a.perSecond);
    omitted += Math.max(0, figures.length - MAX_OF_KIND);
    for (const each of figures.slice(0, MAX_OF_KIND)) {
      cards.push(cardOf(definition, each, figures.length, history, found, checks));
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

function namesFound({ kind }: KindDefinition, found: FoundDependencies): readonly string[] {
  if (kind === 'queue') return found.queues;
  return kind === 'database' ? [...new Set(found.databases.map(({ system }) => system))] : [];
}

type Figures = Pick<
  DependencyCard,
  'name' | 'perSecond' | 'failedPerSecond' | 'errorPercent' | 'p95' | 'windowMs' | 'trend'
>;

/** A reader of the figures of one kind of dependency. */
class KindReader {
  private readonly windowMs: number;
  private readonly at: readonly number[];

  constructor(
    private readonly history: MetricsHistory,
    private readonly definition: KindDefinition,
    private readonly range: TimeRange,
  ) {
    const { rangeMs, until = history.lastSample } = range;
    const moment = until === undefined ? {} : { at: until };
    this.windowMs = Math.max(
      0,
      ...definition.calls.map((metric) => history.coveredMs(metric, rangeMs, moment)),
      ...definition.failures.map(([metric]) => history.coveredMs(metric, rangeMs, moment)),
    );
    this.at = until === undefined || this.windowMs === 0 ? [] : [until];
  }

  *read(): Generator<void, Figures[], void> {
    const { calls: metrics, failures, duration, label } = this.definition;
    const calls = new Map<string, number>();
    const failed = new Map<string, number>();
    for (const metric of metrics) yield* this.add(calls, metric);
    for (const [metric, labels] of failures) yield* this.add(failed, metric, labels);
    const trends = yield* this.trends();
    const durations = yield* this.history.queryRange(
      duration,
      { quantiles: [0.95] },
      this.windowMs,
      this.at,
      {
        groupBy: [label],
      },
    );
    const p95 = new Map(durations.map(({ labels, values: [value = NaN] }) => [labels[label], value]));
    return [...new Set([...calls.keys(), ...failed.keys()])].map((name) => {
      const [count = 0, failedCount = 0] = [calls.get(name), failed.get(name)];
      // A call that fails without an answer may be counted as a failure only.
      const all = Math.max(count, failedCount);
      const slow = p95.get(name) ?? NaN;
      return {
        name,
        perSecond: this.rateOf(all),
        failedPerSecond: this.rateOf(failedCount),
        ...(all > 0 && { errorPercent: rounded((failedCount / all) * 100) }),
        ...(Number.isFinite(slow) && { p95: rounded(slow) }),
        windowMs: this.windowMs,
        trend: trends.get(name) ?? [],
      };
    });
  }

  /** Returns the figures of a dependency that has none. */
  without(name: string): Figures {
    return { name, perSecond: 0, failedPerSecond: 0, windowMs: this.windowMs, trend: [] };
  }

  private rateOf(count: number): number {
    return this.windowMs === 0 ? 0 : rounded(count / (this.windowMs / 1000));
  }

  private *add(
    totals: Map<string, number>,
    metric: string,
    labels?: LabelMatchers,
  ): Generator<void, void, void> {
    const { label } = this.definition;
    const found = yield* this.history.queryRange(metric, 'increase', this.windowMs, this.at, {
      groupBy: [label],
      ...(labels && { labels }),
    });
    for (const {
      labels: of,
      values: [value = NaN],
    } of found) {
      const name = of[label];
      if (name !== undefined && Number.isFinite(value)) totals.set(name, (totals.get(name) ?? 0) + value);
    }
  }

  private *trends(): Generator<void, Map<string, (number | null)[]>, void> {
    const { history } = this;
    const { rangeMs } = this.range;
    const {
      calls: [metric = ''],
      label,
    } = this.definition;
    const [until = 0] = this.at;
    const step = Math.max(rangeMs / TREND_POINTS, history.intervalMs);
    const since = until - Math.min(rangeMs, this.windowMs);
    const times: number[] = [];
    for (let at = until; at > since; at -= step) times.unshift(at);
    const windowMs = Math.max(step, history.intervalMs * MIN_WINDOW_INTERVALS);
    const found = yield* history.queryRange(metric, 'rate', windowMs, times, { groupBy: [label] });
    return new Map(
      found.map(({ labels, values }) => [
        labels[label] ?? '',
        Array.from(values, (value) => (Number.isFinite(value) ? rounded(value) : null)),
      ]),
    );
  }
}

function cardOf(
  definition: KindDefinition,
  figures: Figures,
  count: number,
  history: MetricsHistory,
  found: FoundDependencies,
  all: HealthReport['checks'],
): DependencyCard {
  const { kind } = definition;
  const databases = found.databases.filter(({ system }) => kind === 'database' && system === figures.name);
  const names = kind === 'database' ? databases.map(({ name }) => name) : [figures.name];
  const facts = factsOf(kind, names, count, history);
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
  { word }: KindDefinition,
  { errorPercent = 0 }: Figures,
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
  { check }: KindDefinition,
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

const POOL = 'Pool ';
const FAILED_JOBS = 'Jobs failed';
const LOCKS_WAITING = 'Locks waited for';
const MEMORY = 'Memory';

/** Returns the facts of a dependency. */
function factsOf(
  kind: DependencyKind,
  names: readonly string[],
  count: number,
  history: MetricsHistory,
): DependencyFact[] {
  switch (kind) {
    case 'database':
      return databaseFacts(names, count, history);
    case 'redis': {
      const [name = ''] = names;
      const of = (metric: string) => lastOf(history, metric, { client: name });
      const max = of('redis_memory_max_bytes');
      return [
        ...fact(MEMORY, of(REDIS_METRICS.memoryUsed), 'bytes', max === 0 ? undefined : max),
        ...fact('Connected clients', of('redis_connected_clients'), 'number'),
        ...fact('Blocked clients', of('redis_blocked_clients'), 'number'),
      ];
    }
    case 'cache':
      return cacheFacts(names[0] ?? '', history);
    case 'queue':
      return queueFacts(names[0] ?? '', history);
    default:
      return [];
  }
}

function databaseFacts(names: readonly string[], count: number, history: MetricsHistory): DependencyFact[] {
  const pools = history
    .last(DATABASE_METRICS.connections, { labels: { state: 'used' }, groupBy: ['pool'] })
    .filter(({ labels: { pool = '' } }) => count === 1 || names.includes(pool));
  const ofPools = pools.flatMap(({ labels: { pool = '' }, value }) => {
    const waiting = lastOf(history, DATABASE_METRICS.pending, { pool });
    const max = lastOf(history, DATABASE_METRICS.max, { pool });
    return fact(`${POOL}${pool}`, value, 'number', max).map((each) => ({
      ...each,
      ...(waiting !== undefined && { waiting }),
    }));
  });
  const ofServers = names.flatMap((source) => [
    ...fact('Connections to the database', lastOf(history, 'postgresql_connections', { source }), 'number'),
    ...fact('Size', lastOf(history, 'postgresql_database_size_bytes', { source }), 'bytes'),
    ...fact('Blocks found in memory', lastOf(history, 'postgresql_cache_hit_ratio', { source }), 'ratio'),
    ...fact(LOCKS_WAITING, lastOf(history, 'postgresql_locks', { source, state: 'waiting' }), 'number'),
    ...fact('Replication lag', lastOf(history, 'postgresql_replication_lag_seconds', { source }), 'seconds'),
    ...fact('Connections to the server', lastOf(history, 'mysql_connections', { source }), 'number'),
    ...fact('Size', lastOf(history, 'sqlite_database_size_bytes', { source }), 'bytes'),
  ]);
  return [...ofPools, ...ofServers];
}

/** The window of the hit ratio, in milliseconds. */
const HIT_WINDOW_MS = 300_000;

function cacheFacts(cache: string, history: MetricsHistory): DependencyFact[] {
  const increase = (metric: string): number =>
    history
      .increase(metric, HIT_WINDOW_MS, { labels: { cache }, groupBy: [] })
      .reduce((sum, { value }) => sum + (Number.isFinite(value) ? value : 0), 0);
  const hits = increase(CACHE_METRICS.hits);
  const lookups = hits + increase(CACHE_METRICS.misses);
  return [
    ...fact('Hits (5 min)', lookups === 0 ? undefined : hits / lookups, 'ratio'),
    ...fact('Entries', lastOf(history, CACHE_METRICS.entries, { cache }), 'number'),
  ];
}

function queueFacts(queue: string, history: MetricsHistory): DependencyFact[] {
  const jobs = (...states: readonly string[]) =>
    lastOf(history, QUEUE_METRICS.jobs, { queue, state: states });
  return [
    ...fact('Jobs waiting', jobs('waiting', 'wait', 'prioritized'), 'number'),
    ...fact('Jobs active', jobs('active'), 'number'),
    ...fact('Jobs delayed', jobs('delayed'), 'number'),
    ...fact(FAILED_JOBS, jobs('failed'), 'number'),
  ];
}

function fact(title: string, value: number | undefined, unit: Unit, max?: number): DependencyFact[] {
  if (value === undefined || !Number.isFinite(value)) return [];
  return [{ title, value: rounded(value), unit, ...(max !== undefined && { max }) }];
}

/** Returns the sum of the last values of the series with these labels; undefined if there is none. */
function lastOf(history: MetricsHistory, metric: string, labels: LabelMatchers): number | undefined {
  return history.last(metric, { labels, groupBy: [] })[0]?.value;
}
