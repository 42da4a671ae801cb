import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from '../../../lib/metrics/registry.js';
import { classifyScript } from '../../../lib/integrations/queries/query-class.js';
import { QueryRecorder } from '../../../lib/integrations/queries/query.recorder.js';
import { systemClock } from '../../../lib/metrics/clock.js';
import { histograms, scalars } from '../../metrics/support.js';

const options = { slowQueryThresholdMs: 500, maxTables: 50 };
const COLUMNS = '"Customer"."first_name" AS "Customer_first_name", ';
const ROWS = "('abc', 12, $3), ";

function cpuOf(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

describe('a long statement that is sent again', () => {
  it.each([
    ['5 kB', `SELECT ${COLUMNS.repeat(100)} 1 FROM customers`],
    ['19 kB', `SELECT ${COLUMNS.repeat(380)} 1 FROM customers`],
    ['24 kB', `INSERT INTO customers VALUES ${ROWS.repeat(1_400)} (1)`],
    ['100 kB', `INSERT INTO customers VALUES ${ROWS.repeat(6_000)} (1)`],
    ['2 MB', `INSERT INTO customers VALUES ${ROWS.repeat(120_000)} (1)`],
  ])('is classified once, at a length of %s', (_, sql) => {
    const registry = new MetricsRegistry();
    const statements = new QueryRecorder(registry, systemClock, options).forSystem('postgresql');
    statements.end(sql, statements.begin(sql));
    const reading = cpuOf(() => {
      for (let i = 0; i < 300; i++) classifyScript(sql);
    });
    const counting = (): number =>
      cpuOf(() => {
        for (let i = 0; i < 300; i++) statements.end(sql, statements.begin(sql));
      });
    // A garbage collection is not of all of them.
    expect(Math.min(counting(), counting(), counting())).toBeLessThan(reading / 2);
    const [series] = histograms(registry, 'db_client_operation_duration_seconds');
    expect(series).toMatchObject({ labels: { table: 'customers' }, count: 901 });
  });

  it('is counted also if only its end differs from an earlier one', () => {
    const registry = new MetricsRegistry();
    const statements = new QueryRecorder(registry, systemClock, options).forSystem('postgresql');
    const sql = `UPDATE customers SET a = '${'x'.repeat(100_000)}`;
    for (const end of ["'", "y'", "' WHERE b = 1"])
      statements.end(sql + end, statements.begin(sql + end), new Error('no'));
    expect(scalars(registry, 'db_client_operation_errors_total').map(({ value }) => value)).toEqual([3]);
  });
});
