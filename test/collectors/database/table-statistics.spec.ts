import { describe, expect, it, jest } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { CounterMirror } from '../../../lib/collectors/counter-mirror.js';
import { registerCounters, registerGauges } from '../../../lib/collectors/database/server-metrics.js';
import { TableStatistics } from '../../../lib/collectors/database/table-statistics.js';
import { valuesOf } from '../values.js';

/** The statistics of a server whose tables are given as `[inserts, rows]`. */
function statistics(maxTables: number) {
  const registry = new MetricsRegistry();
  const labelNames = ['source', 'table'] as const;
  const counters = registerCounters(registry, {
    inserts: { name: 'inserts_total', help: 'Rows inserted.', labelNames },
  });
  const gauges = registerGauges(registry, { rows: { name: 'rows', help: 'Rows.', labelNames } });
  const tables = new TableStatistics(counters, gauges, maxTables);
  return {
    registry,
    update: (
      given: Readonly<Record<string, readonly [inserts: number | undefined, rows: number, id?: string]>>,
      source = 'db',
    ) => {
      // As a collector does before each update.
      gauges.rows.reset();
      const rows = Object.entries(given).map(([name, [inserts, count, id = name]]) => ({
        name,
        id,
        inserts,
        rows: count,
      }));
      tables.update(source, rows);
      return {
        inserts: valuesOf(registry, 'inserts_total', ['table']),
        rows: valuesOf(registry, 'rows', ['table']),
      };
    },
  };
}

describe('the statistics of tables beyond the limit', () => {
  it('do not grow because one of the tables is dropped', () => {
    const { update } = statistics(1);
    expect(update({ orders: [10, 5], a: [1_000, 1], b: [2_000, 2] })).toEqual({
      inserts: { orders: 10, other: 3_000 },
      rows: { orders: 5, other: 3 },
    });
    expect(update({ orders: [10, 5], b: [2_000, 2] })).toEqual({
      inserts: { orders: 10, other: 3_000 },
      rows: { orders: 5, other: 2 },
    });
    expect(update({ orders: [10, 5], b: [2_007, 2] }).inserts).toEqual({ orders: 10, other: 3_007 });
  });

  it('go on after the statistics of one table were reset', () => {
    const { update } = statistics(0);
    update({ a: [1_000, 1], b: [2_000, 2] });
    expect(update({ a: [3, 1], b: [2_001, 2] }).inserts).toEqual({ other: 3_004 });
  });

  it('keep what is unknown for a moment', () => {
    const { update } = statistics(0);
    update({ a: [1_000, 1], b: [2_000, 2] });
    expect(update({ a: [undefined, 1], b: [2_000, 2] }).inserts).toEqual({ other: 3_000 });
    expect(update({ a: [1_005, 1], b: [2_000, 2] }).inserts).toEqual({ other: 3_005 });
  });

  it('do not grow because a table is renamed, or missing from one reading', () => {
    const { update } = statistics(1);
    update({ orders: [10, 5, '1'], audit: [1e6, 1, '2'], a: [3, 1, '3'] });
    expect(update({ orders: [10, 5, '1'], audit_2026: [1e6, 1, '2'], a: [3, 1, '3'] }).inserts).toEqual({
      orders: 10,
      other: 1_000_003,
    });
    expect(update({ orders: [10, 5, '1'], a: [3, 1, '3'] }).inserts).toEqual({
      orders: 10,
      other: 1_000_003,
    });
    expect(update({ orders: [10, 5, '1'], audit_2026: [1e6 + 2, 1, '2'], a: [3, 1, '3'] }).inserts).toEqual({
      orders: 10,
      other: 1_000_005,
    });
  });

  it('have no series once every table has one of its own', () => {
    const { update } = statistics(2);
    update({ orders: [10, 5], users: [20, 6], carts: [30, 7] });
    expect(update({ orders: [10, 5], carts: [31, 7] })).toEqual({
      inserts: { orders: 10, carts: 1 },
      rows: { orders: 5, carts: 7 },
    });
  });

  it('cost one write for each metric, however many the tables are', () => {
    const registry = new MetricsRegistry();
    const counter = registry.counter('inserts_total', undefined, { labelNames: ['source', 'table'] });
    const gauge = registry.gauge('rows', undefined, { labelNames: ['source', 'table'] });
    const writes = [jest.spyOn(counter, 'inc'), jest.spyOn(gauge, 'inc')];
    const tables = new TableStatistics({ inserts: new CounterMirror(counter) }, { rows: gauge }, 1);
    const rows = Array.from({ length: 500 }, (_, i) => ({ name: `t${i}`, id: `${i}`, inserts: 2, rows: 3 }));
    tables.update('db', rows);
    expect(writes.map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
    expect(valuesOf(registry, 'inserts_total', ['table'])).toEqual({ t0: 2, other: 998 });
  });

  it('are those of a table that is called other, too', () => {
    const { update } = statistics(1);
    expect(update({ other: [7, 1], a: [1_000, 2] })).toEqual({
      inserts: { other: 1_007 },
      rows: { other: 3 },
    });
    expect(update({ other: [8, 1], a: [1_000, 2] })).toEqual({
      inserts: { other: 1_008 },
      rows: { other: 3 },
    });
  });
});

describe('the series of a table', () => {
  it('ends with the table, whose place the next one gets', () => {
    const { update } = statistics(2);
    update({ orders: [10, 5], users: [20, 6], carts: [30, 7] });
    // Counted from here on, since what it had before is in the sum.
    expect(update({ orders: [11, 5], carts: [32, 7] })).toEqual({
      inserts: { orders: 11, carts: 2 },
      rows: { orders: 5, carts: 7 },
    });
  });

  it('follows the name when tables are swapped, without a jump', () => {
    const { update } = statistics(2);
    update({ orders: [1_000, 5, '1'], orders_new: [7, 6, '2'] });
    expect(update({ orders_old: [1_000, 5, '1'], orders: [9, 6, '2'] })).toEqual({
      inserts: { orders: 1_002, orders_old: 0 },
      rows: { orders: 6, orders_old: 5 },
    });
  });

  it('stays while another source is read', () => {
    const { update } = statistics(1);
    update({ orders: [10, 5], a: [1_000, 1] });
    update({ users: [20, 6] }, 'another');
    expect(update({ orders: [12, 5], a: [1_000, 1] }).inserts).toEqual({
      orders: 12,
      other: 1_000,
      users: 20,
    });
  });
});
