import { CACHE_METRICS, DATABASE_METRICS, QUEUE_METRICS, REDIS_METRICS } from '../../metrics/metric-names.js';
import { labelTest, type LabelMatchers, matchersOf } from '../../query/label-matchers.js';
import type { RangeSeries } from '../../query/range-query.js';
import type { DashboardHistory } from '../dashboard-history.js';
import { rounded } from '../rounding.js';
import type { Unit } from '../views/panel.js';
import type { DependencyFact, DependencyKind } from './dependency-card.js';

/** The beginning of the title of a pool of connections, before its name. */
export const POOL = 'Pool ';
export const FAILED_JOBS = 'Jobs failed';
export const LOCKS_WAITING = 'Locks waited for';
export const MEMORY = 'Memory';

/** The window of counts, in milliseconds. */
const WINDOW_MS = 300_000;

/** A metric whose last value is a fact about a server. */
type ServerFact = readonly [
  title: string,
  metric: string,
  unit: Unit,
  labels?: Readonly<Record<string, string>>,
];

const DATABASE_SERVER: readonly ServerFact[] = [
  ['Connections to the database', 'postgresql_connections', 'number'],
  ['Size', 'postgresql_database_size_bytes', 'bytes'],
  ['Blocks found in memory', 'postgresql_cache_hit_ratio', 'ratio'],
  [LOCKS_WAITING, 'postgresql_locks', 'number', { state: 'waiting' }],
  ['Replication lag', 'postgresql_replication_lag_seconds', 'seconds'],
  ['Connections to the server', 'mysql_connections', 'number'],
  ['Size', 'sqlite_database_size_bytes', 'bytes'],
];

/** The labels by which the metrics of each kind are read, and its metrics: last values, and counts over a window. */
interface FactMetrics {
  readonly groupBy: readonly string[];
  readonly last: readonly string[];
  readonly counted?: readonly string[];
}

const { connections, max: poolMax, pending } = DATABASE_METRICS;
const METRICS: Readonly<Record<DependencyKind, readonly FactMetrics[]>> = {
  database: [
    { groupBy: ['pool', 'state'], last: [connections] },
    { groupBy: ['pool'], last: [poolMax, pending] },
    { groupBy: ['source', 'state'], last: [...new Set(DATABASE_SERVER.map(([, metric]) => metric))] },
  ],
  redis: [
    {
      groupBy: ['client'],
      last: [
        REDIS_METRICS.memoryUsed,
        'redis_memory_max_bytes',
        'redis_connected_clients',
        'redis_blocked_clients',
      ],
    },
  ],
  cache: [
    {
      groupBy: ['cache'],
      last: [CACHE_METRICS.entries],
      counted: [CACHE_METRICS.hits, CACHE_METRICS.misses, CACHE_METRICS.evictions],
    },
  ],
  queue: [{ groupBy: ['queue', 'state'], last: [QUEUE_METRICS.jobs] }],
  remote: [],
};

/** The facts about the dependencies of one kind: each metric is read once, for all of them. */
export class DependencyFacts {
  private constructor(
    private readonly kind: DependencyKind,
    private readonly values: ReadonlyMap<string, readonly RangeSeries[]>,
  ) {}

  /** Reads the metrics of a kind. Yields after each small step. @param at end of the range; none without samples */
  static *read(
    history: DashboardHistory,
    kind: DependencyKind,
    at: number | undefined,
  ): Generator<void, DependencyFacts, void> {
    const values = new Map<string, readonly RangeSeries[]>();
    for (const { groupBy, last, counted = [] } of at === undefined ? [] : METRICS[kind]) {
      for (const metric of last) {
        values.set(metric, yield* history.queryRange(metric, 'value', 0, [at!], { groupBy }));
      }
      for (const metric of counted) {
        values.set(metric, yield* history.queryRange(metric, 'increase', WINDOW_MS, [at!], { groupBy }));
      }
    }
    return new DependencyFacts(kind, values);
  }

  /**
   * Returns the facts about a dependency.
   *
   * @param names its name, or those of the databases of its system
   * @param isOnly true if it is the only one of its kind
   */
  of(names: readonly string[], isOnly: boolean): DependencyFact[] {
    const [name = ''] = names;
    switch (this.kind) {
      case 'database':
        return [...this.pools(names, isOnly), ...names.flatMap((source) => this.server(source))];
      case 'redis':
        return this.redis(name);
      case 'cache':
        return this.cache(name);
      case 'queue':
        return this.queue(name);
      default:
        return [];
    }
  }

  private pools(names: readonly string[], isOnly: boolean): DependencyFact[] {
    return this.series(connections, { state: 'used' })
      .filter(({ labels: { pool = '' } }) => isOnly || names.includes(pool))
      .flatMap(({ labels: { pool = '' }, values: [used] }) => {
        const waiting = this.sum(pending, { pool });
        return fact(`${POOL}${pool}`, used, 'number', this.sum(poolMax, { pool })).map((each) => ({
          ...each,
          ...(waiting !== undefined && { waiting }),
        }));
      });
  }

  private server(source: string): DependencyFact[] {
    return DATABASE_SERVER.flatMap(([title, metric, unit, labels]) =>
      fact(title, this.sum(metric, { source, ...labels }), unit),
    );
  }

  private redis(client: string): DependencyFact[] {
    const of = (metric: string) => this.sum(metric, { client });
    const max = of('redis_memory_max_bytes');
    return [
      ...fact(MEMORY, of(REDIS_METRICS.memoryUsed), 'bytes', max === 0 ? undefined : max),
      ...fact('Connected clients', of('redis_connected_clients'), 'number'),
      ...fact('Blocked clients', of('redis_blocked_clients'), 'number'),
    ];
  }

  private cache(cache: string): DependencyFact[] {
    const of = (metric: string) => this.sum(metric, { cache });
    const hits = of(CACHE_METRICS.hits) ?? 0;
    const lookups = hits + (of(CACHE_METRICS.misses) ?? 0);
    return [
      ...fact('Hits (5 min)', lookups === 0 ? undefined : hits / lookups, 'ratio'),
      ...fact('Entries', of(CACHE_METRICS.entries), 'number'),
      ...fact('Evictions (5 min)', of(CACHE_METRICS.evictions), 'number'),
    ];
  }

  private queue(queue: string): DependencyFact[] {
    const jobs = (...state: readonly string[]) => this.sum(QUEUE_METRICS.jobs, { queue, state });
    return [
      ...fact('Jobs waiting', jobs('waiting', 'wait', 'prioritized'), 'number'),
      ...fact('Jobs active', jobs('active'), 'number'),
      ...fact('Jobs delayed', jobs('delayed'), 'number'),
      ...fact(FAILED_JOBS, jobs('failed'), 'number'),
    ];
  }

  private series(metric: string, labels: LabelMatchers): readonly RangeSeries[] {
    const matches = labelTest(matchersOf(labels));
    return (this.values.get(metric) ?? []).filter((each) => matches(each.labels));
  }

  /** Returns the sum of the values with these labels; undefined if there is none. */
  private sum(metric: string, labels: LabelMatchers): number | undefined {
    const found = this.series(metric, labels).flatMap(({ values: [value = NaN] }) =>
      Number.isFinite(value) ? [value] : [],
    );
    return found.length === 0 ? undefined : found.reduce((sum, value) => sum + value, 0);
  }
}

function fact(title: string, value: number | undefined, unit: Unit, max?: number): DependencyFact[] {
  if (value === undefined || !Number.isFinite(value)) return [];
  return [{ title, value: rounded(value), unit, ...(max !== undefined && { max }) }];
}
