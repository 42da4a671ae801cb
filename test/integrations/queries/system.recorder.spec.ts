import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Operations } from '../../../lib/instrumentation/requests/operations.js';
import { QueryMetrics } from '../../../lib/integrations/queries/query-metrics.js';
import { dialectOf } from '../../../lib/integrations/queries/sql-dialect.js';
import { SystemRecorder } from '../../../lib/integrations/queries/system.recorder.js';
import { Guard } from '../../../lib/primitives/guard.js';
import { FakeClock, histograms, scalars, testRegistry, type TestRegistry } from '../../metrics/support.js';

const DURATION = 'db_client_operation_duration_seconds';

describe('the recorder of one database system', () => {
  let test: TestRegistry;
  let operations: Operations;
  let statements: SystemRecorder;
  beforeEach(() => {
    test = testRegistry({ clock: new FakeClock() });
    const guard = new Guard((error) => {
      throw error;
    });
    operations = new Operations(test.clock, { sampleRate: 1, repeatedCalls: 10 }, guard);
    const metrics = new QueryMetrics(test.registry, test.clock, { slowQueryThresholdMs: 500, maxTables: 50 });
    statements = new SystemRecorder(metrics, operations, 'postgresql', dialectOf('postgresql'));
  });
  afterEach(() => operations.stop());

  /** Sends a statement, which takes 5 ms. */
  function send(sql: string, error?: unknown, commandTags?: readonly unknown[]): void {
    const started = statements.begin(sql);
    test.clock.advance(5);
    statements.end(sql, started, error, commandTags);
  }

  /** Does something in a request, and returns the calls that it waited for: name, number, milliseconds, errors. */
  function callsOf(work: () => void): unknown[] {
    const operation = operations.start('http', test.clock.monotonic())!;
    operations.run(operation, work);
    operations.end(operation, test.clock.monotonic());
    return [...operation.calls].map(([{ system, name }, { count, totalMs, errors }]) => [
      system,
      name,
      count,
      totalMs,
      errors,
    ]);
  }

  const durations = (): unknown[] =>
    histograms(test.registry, DURATION).map(({ labels, count, sum }) => [
      labels['operation'],
      labels['table'],
      count,
      Number(sum.toFixed(6)),
    ]);
  const transactions = (): Record<string, number> =>
    Object.fromEntries(
      scalars(test.registry, 'db_client_transactions_total').map(({ labels, value }) => [
        labels['event'],
        value,
      ]),
    );

  it('records a statement by its operation and table', () => {
    send('SELECT * FROM orders WHERE id = 1');
    send('select o.id from orders o');
    send('INSERT INTO orders VALUES (1)', new Error('no'));
    expect(durations()).toEqual([
      ['select', 'orders', 2, 0.01],
      ['insert', 'orders', 1, 0.005],
    ]);
    expect(scalars(test.registry, 'db_client_operation_errors_total')).toMatchObject([
      { labels: { system: 'postgresql', operation: 'insert', error: 'other' }, value: 1 },
    ]);
  });

  it('records one whose text, or whose duration, is known at its end', () => {
    const started = statements.begin(undefined);
    test.clock.advance(5);
    statements.end('DELETE FROM carts', started);
    statements.endMeasured('DELETE FROM carts', 7);
    expect(durations()).toEqual([['delete', 'carts', 2, 0.012]]);
  });

  it('records a command of a database without SQL', () => {
    statements.endCommand({ operation: 'update', table: 'carts' }, 3);
    statements.endCommand({ operation: 'update', table: 'carts' }, 3, { code: 11_000 });
    statements.recordTransaction('committed');
    expect(durations()).toEqual([['update', 'carts', 2, 0.006]]);
    expect(scalars(test.registry, 'db_client_operation_errors_total')).toMatchObject([
      { labels: { error: 'integrity_constraint' }, value: 1 },
    ]);
    expect(transactions()).toEqual({ committed: 1 });
  });

  describe('counts transactions', () => {
    it.each<[string, string, readonly string[] | undefined, Record<string, number>]>([
      [
        'by the statements that bound them',
        'BEGIN; UPDATE a SET b = 1; COMMIT',
        undefined,
        { begun: 1, committed: 1 },
      ],
      ['also of a chain', 'COMMIT AND CHAIN', undefined, { committed: 1, begun: 1 }],
      ['not at a savepoint', 'SAVEPOINT a; ROLLBACK TO a', undefined, {}],
      ['as rolled back where the server says so', 'COMMIT', ['ROLLBACK'], { rolled_back: 1 }],
      ['as committed where it says that', 'COMMIT', ['COMMIT'], { committed: 1 }],
      [
        'by the tag of their own statement',
        'COMMIT; ROLLBACK',
        ['COMMIT', 'ROLLBACK'],
        { committed: 1, rolled_back: 1 },
      ],
      // A tag that is of another statement would turn one into the other.
      [
        'by their text where the tags are not of its statements',
        'COMMIT',
        ['ROLLBACK', 'ROLLBACK'],
        { committed: 1 },
      ],
    ])('%s', (_, sql, tags, events) => {
      send(sql, undefined, tags);
      expect(transactions()).toEqual(events);
    });

    it('only of statements that did not fail', () => {
      send('COMMIT', new Error('no'));
      expect(transactions()).toEqual({});
    });
  });

  it('remembers and exposes a bounded number of statements, none of whose values it shows', () => {
    for (let i = 0; i < 2_500; i++) send(`SELECT * FROM tenant_${i} WHERE email = 'jo${i}@example.com'`);
    const series = histograms(test.registry, DURATION);
    expect(series.length).toBe(51);
    expect(series.reduce((sum, { count }) => sum + count, 0)).toBe(2_500);
    expect(series.at(-1)).toMatchObject({ labels: { table: 'other' }, count: 2_450 });
    expect(JSON.stringify(series.map(({ labels }) => labels))).not.toContain('@');
  });

  it.each(['', ';', "SELECT '", '/* unfinished', '\u0000', ')'.repeat(50)])(
    'takes %j for a statement',
    (sql) => {
      send(sql);
      expect(histograms(test.registry, DURATION)).toMatchObject([{ labels: { table: 'unknown' }, count: 1 }]);
    },
  );

  describe('in a recorded operation', () => {
    it('names what was waited for by its shape, without values', () => {
      const calls = callsOf(() => {
        send("SELECT * FROM orders WHERE email = 'jo@example.com' AND id = 7");
        send("SELECT * FROM orders WHERE email = 'al@example.com' AND id = 8");
        send('DELETE FROM carts WHERE id = $1', new Error('no'));
      });
      expect(calls).toEqual([
        ['postgresql', 'SELECT * FROM orders WHERE email = ? AND id = ?', 2, 10, 0],
        ['postgresql', 'DELETE FROM carts WHERE id = ?', 1, 5, 1],
      ]);
    });

    it('ends a wait once, whether the text was known at its start or not', () => {
      const calls = callsOf(() => {
        const started = statements.begin(undefined);
        expect(started.wait).toBeDefined();
        test.clock.advance(5);
        statements.end('SELECT 1', started);
        statements.endMeasured('SELECT 2', 3, operations);
        statements.endMeasured('SELECT 3', 3);
      });
      expect(calls).toEqual([['postgresql', 'SELECT ?', 2, 8, 0]]);
    });

    it('asks for the shape of a command, which it does not need otherwise', () => {
      let asked = 0;
      const shape = (): string => `find ${++asked}`;
      expect(statements.beginCommand(shape)).toBeUndefined();
      expect([asked, statements.askFor('SELECT 1'), statements.begin('SELECT 1').wait]).toEqual([
        0,
        undefined,
        undefined,
      ]);
      const calls = callsOf(() => {
        const wait = statements.beginCommand(shape);
        test.clock.advance(2);
        wait?.end(statements.callNamed('find 1'), false);
        expect(statements.askFor('SELECT 1')).toBeDefined();
      });
      expect(calls).toEqual([['postgresql', 'find 1', 1, 2, 0]]);
    });

    it('knows which calls go with others, so that many of them are no N+1', () => {
      const names = ['BEGIN', 'commit', 'FETCH ? FROM c', 'SELECT ?', 'SELECT begin FROM a', 'committed'];
      const isAuxiliary = names.map((name) => statements.callNamed(name).isAuxiliary);
      expect(isAuxiliary).toEqual([true, true, true, false, false, false]);
    });
  });
});
