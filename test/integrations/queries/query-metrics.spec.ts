import { beforeEach, describe, expect, it } from '@jest/globals';
import { QueryMetrics, type QueryMetricsOptions } from '../../../lib/integrations/queries/query-metrics.js';
import type { QueryClass } from '../../../lib/integrations/queries/query-class.js';
import { FakeClock, histograms, scalars, testRegistry, type TestRegistry } from '../../metrics/support.js';

const DURATION = 'db_client_operation_duration_seconds';
const SLOW = 'db_client_slow_operations_total';
const ERRORS = 'db_client_operation_errors_total';
const TRANSACTIONS = 'db_client_transactions_total';

const CLASS: QueryClass = { operation: 'select', table: 'orders' };
/** An error of PostgreSQL, whose message has a value. */
const DUPLICATE = Object.assign(new Error('Key (email)=(jo@example.com) already exists.'), { code: '23505' });

describe('the metrics of statements', () => {
  let test: TestRegistry;
  beforeEach(() => {
    test = testRegistry({ clock: new FakeClock() });
  });

  function metricsWith(options: Partial<QueryMetricsOptions> = {}): {
    readonly metrics: QueryMetrics;
    /** Records a statement of a duration in milliseconds. */
    readonly record: (milliseconds: number, query?: QueryClass, error?: unknown) => void;
  } {
    const metrics = new QueryMetrics(test.registry, test.clock, {
      slowQueryThresholdMs: 500,
      maxTables: 3,
      ...options,
    });
    const record = (milliseconds: number, query: QueryClass = CLASS, error?: unknown): void => {
      const series = metrics.seriesOf('postgresql', query);
      const startedAt = metrics.now();
      test.clock.advance(milliseconds);
      metrics.record('postgresql', series, startedAt, error);
    };
    return { metrics, record };
  }

  const shown = (name: string): unknown[] =>
    scalars(test.registry, name).map(({ labels, value }) => [...Object.values(labels), value]);

  it('are the durations, the slow ones and the failed ones', () => {
    const { record } = metricsWith();
    record(2);
    record(500);
    record(501);
    record(3, CLASS, DUPLICATE);
    record(4, { operation: 'insert', table: 'orders' });
    expect(histograms(test.registry, DURATION)).toMatchObject([
      { labels: { system: 'postgresql', operation: 'select', table: 'orders' }, count: 4, sum: 1.006 },
      { labels: { system: 'postgresql', operation: 'insert', table: 'orders' }, count: 1, sum: 0.004 },
    ]);
    expect(shown(SLOW)).toEqual([
      ['postgresql', 'select', 'orders', 1],
      ['postgresql', 'insert', 'orders', 0],
    ]);
    expect(shown(ERRORS)).toEqual([['postgresql', 'select', 'integrity_constraint', 1]]);
  });

  it('measure on the monotonic clock, so that a step of the time of day is no slow statement', () => {
    const { metrics } = metricsWith();
    const startedAt = metrics.now();
    test.clock.jumpTo(test.clock.now() + 3_600_000);
    test.clock.advance(5);
    metrics.record('postgresql', metrics.seriesOf('postgresql', CLASS), startedAt, undefined);
    expect(histograms(test.registry, DURATION)).toMatchObject([{ count: 1, sum: 0.005 }]);
    expect(shown(SLOW)).toEqual([['postgresql', 'select', 'orders', 0]]);
  });

  it('count the events of transactions by system', () => {
    const { metrics } = metricsWith();
    for (const event of ['begun', 'committed', 'begun', 'rolled_back'] as const) {
      metrics.recordTransaction('postgresql', event);
    }
    metrics.recordTransaction('mysql', 'begun');
    expect(shown(TRANSACTIONS)).toEqual([
      ['postgresql', 'begun', 2],
      ['postgresql', 'committed', 1],
      ['postgresql', 'rolled_back', 1],
      ['mysql', 'begun', 1],
    ]);
  });

  it('are bounded in number and length, whatever tables an application names', () => {
    const { record } = metricsWith();
    for (let i = 0; i < 50; i++) record(1, { operation: 'select', table: `${'t'.repeat(200)}${i}` });
    for (let i = 0; i < 50; i++) record(1, { operation: 'select', table: `tenant_${i}` });
    const tables = histograms(test.registry, DURATION).map(({ labels, count }) => [labels['table'], count]);
    expect(tables).toEqual([
      // The names of the first 50 are equal in what is kept of them.
      [`${'t'.repeat(127)}…`, 50],
      ['tenant_0', 1],
      ['tenant_1', 1],
      ['other', 48],
    ]);
  });

  it('have no part of the message of an error', () => {
    const { record } = metricsWith({ convention: 'otel' });
    for (const error of [
      DUPLICATE,
      new Error('jo@example.com'),
      'jo@example.com',
      null,
      { code: 'jo@example.com' },
    ]) {
      record(1, CLASS, error);
    }
    const { families } = test.registry.snapshot();
    const labels = families.flatMap(({ series }) => [...series].map((each) => each.labels));
    expect(labels.length).toBeGreaterThan(3);
    expect(JSON.stringify(labels)).not.toContain('jo@');
  });

  describe('in the convention of OpenTelemetry', () => {
    it('have a series of durations for each code of errors', () => {
      const { record } = metricsWith({ convention: 'otel' });
      record(1);
      record(2, CLASS, DUPLICATE);
      record(3, CLASS, Object.assign(new Error('no'), { code: 'ECONNRESET' }));
      record(4, CLASS, new Error('no'));
      expect(histograms(test.registry, DURATION).map(({ labels, sum }) => [labels['error'], sum])).toEqual([
        ['', 0.001],
        ['23505', 0.002],
        ['ECONNRESET', 0.003],
        ['other', 0.004],
      ]);
    });

    it('are bounded, whatever codes a server sends', () => {
      const { record } = metricsWith({ convention: 'both' });
      for (let i = 0; i < 1_000; i++) record(1, CLASS, { code: 10_000 + i });
      const series = histograms(test.registry, DURATION);
      // The hundred first, all others, and the statements without an error.
      expect(series.length).toBe(102);
      expect(series.find(({ labels }) => labels['error'] === 'other')?.count).toBe(900);
    });

    it.each([
      [undefined, [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]],
      ['otel', [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]],
    ] as const)('have the buckets that it advises: %s', (convention, bounds) => {
      const { record } = metricsWith({ convention });
      record(1);
      const family = test.registry.snapshot().families.find(({ name }) => name === DURATION);
      expect(family).toMatchObject({ upperBounds: bounds });
    });
  });
});
