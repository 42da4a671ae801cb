import { describe, expect, it } from '@jest/globals';
import type { DependencyCard } from '../../../lib/dashboard/dependencies/dependency-card.js';
import { dependencyCards } from '../../../lib/dashboard/dependencies/dependency-cards.js';
import { MINUTE, past, SECOND } from '../../history/support.js';

const NOTHING = { databases: [], postgresql: [], queues: [] };

function finish<T>(steps: Generator<void, T, void>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Two minutes of an application with a database, a queue and two remote hosts. */
function busy(hosts = 2) {
  const { registry, history, run } = past({ intervalMs: 5 * SECOND, retentionMs: 10 * MINUTE });
  const statements = registry.timer('db_client_operation_duration_seconds', 'Statements.', {
    labelNames: ['system', 'operation', 'table'],
  });
  const failures = registry.counter('db_client_operation_errors_total', 'Failures.', {
    labelNames: ['system', 'operation', 'error'],
  });
  const requests = registry.counter('http_client_requests_total', 'Requests.', {
    labelNames: ['host', 'method', 'status_code'],
  });
  const gauges = {
    used: registry.gauge('db_client_connections', 'Used.', { labelNames: ['pool', 'state'] }),
    max: registry.gauge('db_client_connections_max', 'Max.', { labelNames: ['pool'] }),
    pending: registry.gauge('db_client_connections_pending', 'Pending.', { labelNames: ['pool'] }),
    jobs: registry.gauge('bullmq_queue_jobs', 'Jobs.', { labelNames: ['queue', 'state'] }),
  };
  for (const { name } of registry.getAllMetrics()) history.retain({ metric: name });
  run(25, () => {
    for (let i = 0; i < 10; i++) {
      statements.observe({ system: 'postgresql', operation: 'select', table: 'deals' }, 0.02);
    }
    failures.inc({ system: 'postgresql', operation: 'select', error: 'timeout' });
    for (let host = 0; host < hosts; host++) {
      const status_code = host === 0 ? '503' : '200';
      requests.inc({ host: `host-${host}.test`, method: 'GET', status_code }, hosts - host);
    }
    gauges.used.set({ pool: 'default', state: 'used' }, 10);
    gauges.max.set({ pool: 'default' }, 10);
    gauges.pending.set({ pool: 'default' }, 3);
    gauges.jobs.set({ queue: 'mails', state: 'failed' }, 2);
    gauges.jobs.set({ queue: 'mails', state: 'waiting' }, 7);
  });
  return history;
}

const FOUND = {
  databases: [{ name: 'default', system: 'postgresql' }],
  postgresql: ['default'],
  queues: ['mails'],
};

function cardOf(cards: readonly DependencyCard[], kind: string): DependencyCard {
  const card = cards.find((each) => each.kind === kind);
  if (card === undefined) throw new Error(`no card of ${kind}`);
  return card;
}

describe('the cards of dependencies', () => {
  it('are the worst first, and say why', () => {
    const range = { rangeMs: 2 * MINUTE };
    const checks = {
      database: { status: 'healthy', message: 'Database connection successful', durationMs: 1 },
      disk: { status: 'critical', message: 'full', durationMs: 1 },
    } as const;
    const { cards, omitted } = finish(dependencyCards(busy(), range, FOUND, checks));
    expect(omitted).toBe(0);
    expect(cards.map(({ name, state, reasons }) => [name, state, reasons])).toEqual([
      ['host-0.test', 'critical', ['100 % of the requests fail.']],
      [
        'postgresql',
        'warning',
        [
          '10 % of the statements fail.',
          '3 callers wait for a connection of the pool default: 10 of 10 are used.',
        ],
      ],
      ['mails', 'warning', ['2 jobs have failed for good.']],
      ['host-1.test', 'ok', []],
    ]);
    const database = cardOf(cards, 'database');
    expect(database).toMatchObject({
      perSecond: 2,
      failedPerSecond: 0.2,
      errorPercent: 10,
      details: ['default'],
      checks: [{ name: 'database', status: 'healthy' }],
      facts: [{ title: 'Pool default', value: 10, max: 10, waiting: 3 }],
    });
    expect(database.p95).toBeGreaterThan(0.01);
    expect(database.trend.at(-1)).toBeCloseTo(2, 5);
    expect(cardOf(cards, 'queue').facts).toEqual([
      { title: 'Jobs waiting', value: 7, unit: 'number' },
      { title: 'Jobs failed', value: 2, unit: 'number' },
    ]);
  });

  it('are bounded in number, and say so', () => {
    const { cards, omitted } = finish(dependencyCards(busy(60), { rangeMs: MINUTE }, NOTHING, {}));
    expect(cards.filter(({ kind }) => kind === 'remote')).toHaveLength(50);
    expect(omitted).toBe(10);
  });

  it('exist for what was found and not yet called, with the checks of its name', () => {
    const { history } = past({ intervalMs: 5 * SECOND, retentionMs: MINUTE });
    const databases = [
      { name: 'orders', system: 'postgresql' },
      { name: 'stock', system: 'mysql' },
    ];
    const checks = {
      'database.orders': { status: 'unhealthy', message: 'timed out', durationMs: 1 },
      'database.stock': { status: 'degraded', message: 'slow', durationMs: 1 },
    } as const;
    const found = { databases, postgresql: ['orders'], queues: [] };
    const { cards } = finish(dependencyCards(history, { rangeMs: MINUTE }, found, checks));
    expect(cards.map(({ name, state, reasons, details }) => [name, state, reasons, details])).toEqual([
      ['postgresql', 'critical', ['Health check database.orders: timed out'], ['orders']],
      ['mysql', 'warning', ['Health check database.stock: slow'], []],
    ]);
  });

  it('are none without dependencies', () => {
    const { history } = past({ intervalMs: 5 * SECOND, retentionMs: MINUTE });
    expect(finish(dependencyCards(history, { rangeMs: MINUTE }, NOTHING, {}))).toEqual({
      cards: [],
      omitted: 0,
    });
  });
});
