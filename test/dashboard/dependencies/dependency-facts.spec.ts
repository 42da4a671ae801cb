import { describe, expect, it } from '@jest/globals';
import type { DependencyFact, DependencyKind } from '../../../lib/dashboard/dependencies/dependency-card.js';
import { DependencyFacts } from '../../../lib/dashboard/dependencies/dependency-facts.js';
import { past } from '../../history/support.js';

type Labels = Readonly<Record<string, string>>;

/** Reads the facts about a dependency from the values of gauges, and from counters that grow by so much. */
function factsOf(
  kind: DependencyKind,
  names: readonly string[],
  {
    gauges = {},
    counters = {},
    isOnly = false,
  }: {
    readonly gauges?: Readonly<Record<string, readonly (readonly [Labels, number])[]>>;
    readonly counters?: Readonly<Record<string, readonly (readonly [Labels, number])[]>>;
    readonly isOnly?: boolean;
  },
): DependencyFact[] {
  const { registry, history, run } = past();
  for (const [metric, series] of Object.entries(gauges)) {
    const gauge = registry.gauge(metric, 'A gauge.', { labelNames: Object.keys(series[0]![0]) });
    for (const [labels, value] of series) gauge.set(labels, value);
    history.retain({ metric });
  }
  const counted = Object.entries(counters).map(([metric, series]) => {
    const counter = registry.counter(metric, 'A counter.', { labelNames: Object.keys(series[0]![0]) });
    history.retain({ metric });
    return (): void => {
      for (const [labels, value] of series) counter.inc(labels, value / 5);
    };
  });
  run(5, () => {
    for (const count of counted) count();
  });
  const steps = DependencyFacts.read(history, kind, history.lastSample);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value.of(names, isOnly);
  }
}

const POOLS = {
  db_client_connections: [
    [{ pool: 'default', state: 'used' }, 7],
    [{ pool: 'default', state: 'idle' }, 3],
    [{ pool: 'reports', state: 'used' }, 1],
  ],
  db_client_connections_max: [[{ pool: 'default' }, 10]],
  db_client_connections_pending: [[{ pool: 'default' }, 2]],
} as const;

describe('the facts about a database', () => {
  it('are those of its own pools, with what is known of each', () => {
    expect(factsOf('database', ['default'], { gauges: POOLS })).toEqual([
      { title: 'Pool default', value: 7, unit: 'number', max: 10, waiting: 2 },
    ]);
    expect(factsOf('database', ['reports'], { gauges: POOLS })).toEqual([
      { title: 'Pool reports', value: 1, unit: 'number' },
    ]);
  });

  it('are those of all pools where there is no other database, whatever they are called', () => {
    const found = factsOf('database', ['main'], { gauges: POOLS, isOnly: true });
    expect(found.map(({ title }) => title)).toEqual(['Pool default', 'Pool reports']);
  });

  it('are those of its server: only the locks that somebody waits for', () => {
    const gauges = {
      postgresql_locks: [
        [{ source: 'default', state: 'granted' }, 90],
        [{ source: 'default', state: 'waiting' }, 3],
        [{ source: 'other', state: 'waiting' }, 50],
      ],
    } as const;
    expect(factsOf('database', ['default'], { gauges })).toEqual([
      { title: 'Locks waited for', value: 3, unit: 'number' },
    ]);
  });

  it.each(['a"b\\c\nd', '__proto__', 'constructor', 'наличие'])('have a pool of any name: %j', (pool) => {
    const gauges = {
      db_client_connections: [
        [{ pool, state: 'used' }, 4],
        [{ pool: 'default', state: 'used' }, 9],
      ],
      db_client_connections_max: [[{ pool: 'default' }, 5]],
    } as const;
    expect(factsOf('database', [pool], { gauges })).toEqual([
      { title: `Pool ${pool}`, value: 4, unit: 'number' },
    ]);
  });
});

describe('the facts about a Redis', () => {
  it.each([
    ['with a limit', 400, { max: 400 }],
    ['without one', 0, {}],
  ])('have its memory %s', (_, limit, expected) => {
    const gauges = {
      redis_memory_used_bytes: [[{ client: 'default' }, 300]],
      redis_memory_max_bytes: [[{ client: 'default' }, limit]],
      redis_connected_clients: [[{ client: 'other' }, 12]],
    } as const;
    expect(factsOf('redis', ['default'], { gauges })).toEqual([
      { title: 'Memory', value: 300, unit: 'bytes', ...expected },
    ]);
  });
});

describe('the facts about a cache', () => {
  it('have the share of lookups that were hits', () => {
    const counters = {
      cache_hits_total: [[{ cache: 'default' }, 60]],
      cache_misses_total: [[{ cache: 'default' }, 20]],
    } as const;
    const [hits] = factsOf('cache', ['default'], { counters });
    expect(hits).toEqual({ title: 'Hits (5 min)', value: 0.75, unit: 'ratio' });
  });

  it('have no share of no lookups', () => {
    const counters = { cache_hits_total: [[{ cache: 'default' }, 0]] } as const;
    expect(factsOf('cache', ['default'], { counters })).toEqual([]);
  });
});

describe('the facts about a queue', () => {
  it('count jobs with a priority among those that wait', () => {
    const states = { waiting: 5, prioritized: 2, active: 1, delayed: 0, failed: 4, completed: 900 };
    const jobs = Object.entries(states).map(([state, count]) => [{ queue: 'mails', state }, count] as const);
    const gauges = { bullmq_queue_jobs: [...jobs, [{ queue: 'other', state: 'failed' }, 80] as const] };
    expect(factsOf('queue', ['mails'], { gauges }).map(({ title, value }) => [title, value])).toEqual([
      ['Jobs waiting', 7],
      ['Jobs active', 1],
      ['Jobs delayed', 0],
      ['Jobs failed', 4],
    ]);
  });
});

describe('the facts about anything', () => {
  it.each(['database', 'redis', 'cache', 'queue', 'remote'] as const)(
    'are none without metrics: %s',
    (kind) => {
      expect(factsOf(kind, ['default'], { isOnly: true })).toEqual([]);
      expect(factsOf(kind, [], { gauges: POOLS })).toEqual([]);
    },
  );

  it('are none of a value that is no number', () => {
    const gauges = { cache_entries: [[{ cache: 'default' }, NaN]] } as const;
    expect(factsOf('cache', ['default'], { gauges })).toEqual([]);
  });
});
