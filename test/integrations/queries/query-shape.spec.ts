import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { queryShape } from '../../../lib/integrations/queries/query-shape.js';
import { dialectOf } from '../../../lib/integrations/queries/sql-dialect.js';
import { leastCpuMs } from '../../support/cpu-time.js';

const SYSTEMS = ['postgresql', 'mysql', 'sqlite', 'microsoft.sql_server', 'oracle.db', 'other_sql'];

const SHAPES: readonly (readonly [system: string, sql: string, shape: string])[] = [
  ['postgresql', 'SELECT * FROM orders WHERE id = $1', 'SELECT * FROM orders WHERE id = ?'],
  ['postgresql', "SELECT * FROM orders WHERE note = 'it''s'", 'SELECT * FROM orders WHERE note = ?'],
  ['postgresql', "SELECT E'it\\'s', $a$ x $a$, 0xFF, 1e10, .5, 1_000", 'SELECT ?'],
  ['postgresql', "SELECT '5'::int, $1::text[], x::numeric", 'SELECT ?::int, ?::text[], x::numeric'],
  [
    'postgresql',
    'SELECT a FROM b WHERE id IN ($1::int, $2::int, $3::int)',
    'SELECT a FROM b WHERE id IN (?::int)',
  ],
  ['postgresql', 'SELECT a FROM b WHERE id IN (1, -2, $3)', 'SELECT a FROM b WHERE id IN (?)'],
  ['postgresql', 'SELECT a FROM b WHERE (a, b) IN ((1, 2), (3, 4))', 'SELECT a FROM b WHERE (a, b) IN ((?))'],
  ['postgresql', 'INSERT INTO a (b, c) VALUES ($1, $2), ($3, $4)', 'INSERT INTO a(b, c) VALUES (?)'],
  [
    'postgresql',
    'INSERT INTO a VALUES ($1, now(), DEFAULT), ($2, now(), DEFAULT) RETURNING id',
    'INSERT INTO a VALUES (?, now(), DEFAULT) RETURNING id',
  ],
  ['postgresql', 'SELECT a->>$1, b @> $2, a - 1, a[1:2], -3', 'SELECT a ->> ?, b @> ?, a - ?, a[? ?], ?'],
  ['postgresql', 'SELECT count(*) FROM (SELECT 1) AS x', 'SELECT count(*) FROM (SELECT ?) AS x'],
  ['postgresql', "SELECT 1 /*traceparent='00-abc-01',route='%2Fa'*/", 'SELECT ?'],
  ['postgresql', '/*+ SeqScan(orders) */ SELECT 1 -- secret', 'SELECT ?'],
  ['postgresql', 'SELECT "a"."b" FROM "a" WHERE "a"."b" = $1', 'SELECT "a"."b" FROM "a" WHERE "a"."b" = ?'],
  ['postgresql', 'SET application_name = secret', 'SET application_name = ?'],
  ['postgresql', 'SET LOCAL search_path TO tenant_17, "tenant_18", public', 'SET LOCAL search_path TO ?'],
  [
    'postgresql',
    'set app.user = bob; SELECT a FROM b WHERE c = d',
    'set app.user = ?; SELECT a FROM b WHERE c = d',
  ],
  ['postgresql', 'BEGIN;', 'BEGIN'],
  ['postgresql', 'SELECT a; SELECT $1 ; ; -- end', 'SELECT a; SELECT ?'],
  ['postgresql', 'UPDATE a SET b = c, d = e', 'UPDATE a SET b = c, d = e'],
  ['mysql', 'SET SESSION a = secret, b = ON, c = count(d)', 'SET SESSION a = ?, b = ?, c = count(d)'],
  ['mysql', 'SET NAMES utf8mb4', 'SET NAMES utf8mb4'],
  ['sqlite', 'PRAGMA key = secret', 'PRAGMA key = ?'],
  ['mysql', 'SELECT `a` FROM `b` WHERE c = "secret" AND d = ?', 'SELECT `a` FROM `b` WHERE c = ? AND d = ?'],
  ['mysql', 'SELECT * FROM a WHERE id IN (?, ?, ?) LIMIT 5, 10', 'SELECT * FROM a WHERE id IN (?) LIMIT ?'],
  ['mysql', 'SELECT @@version, @mine, 0xDEADBEEF', 'SELECT @@ version, ?'],
  [
    'sqlite',
    'SELECT "a"."b", "c" FROM "a" WHERE "d" = "secret"',
    'SELECT "a"."b", "c" FROM "a" WHERE "d" = ?',
  ],
  [
    'sqlite',
    'SELECT a FROM b WHERE c = :name AND d = @name AND e = $name AND f = ?2',
    'SELECT a FROM b WHERE c = ? AND d = ? AND e = ? AND f = ?',
  ],
  [
    'microsoft.sql_server',
    "SELECT TOP 10 [a] FROM [b] WHERE c = @p1 AND d = N'x'",
    'SELECT TOP ? [a] FROM [b] WHERE c = ? AND d = N ?',
  ],
  ['microsoft.sql_server', 'SELECT a FROM b WHERE c IN (@0, @1)', 'SELECT a FROM b WHERE c IN (?)'],
  ['oracle.db', "SELECT a FROM b WHERE c = :1 AND d = q'[it's]'", 'SELECT a FROM b WHERE c = ? AND d = ?'],
];

describe('the shape of a statement', () => {
  it.each(SHAPES)('%s: %s', (system, sql, shape) => {
    expect(queryShape(sql, dialectOf(system))).toBe(shape);
  });

  it('is the same for lists of any length', () => {
    const of = (n: number): string => {
      const list = Array.from({ length: n }, (_, i) => i).join(', ');
      const rows = Array.from({ length: n }, (_, i) => `(${i}, 'x')`).join(', ');
      return queryShape(`SELECT a IN (${list}); INSERT INTO b VALUES ${rows}`, dialectOf('postgresql'));
    };
    expect(of(1)).toBe(of(2));
    expect(of(1)).toBe(of(500));
  });

  it('has no part of a value, however it is written', () => {
    const value = fc.oneof(
      fc
        .string({ unit: fc.constantFrom('ß', 'ø', ' ', '(', ',', '-', '/', '*', ';'), maxLength: 12 })
        .map(quoted),
      fc.integer({ min: 7_000_000, max: 7_999_999 }).map(String),
      fc.double({ min: 7e6, max: 7e30, noNaN: true }).map(String),
      fc.integer({ min: 0x7777, max: 0x77777777 }).map((n) => `0x${n.toString(16)}`),
      fc.integer({ min: 1, max: 99 }).map((n) => `7e${n}`),
    );
    const condition = fc.tuple(fc.constantFrom('=', '<', '>=', '<>', 'LIKE', '+', '-'), value);
    const statement = fc
      .tuple(
        fc.array(condition, { minLength: 1, maxLength: 5 }),
        fc.array(value, { minLength: 1, maxLength: 5 }),
      )
      .map(
        ([conditions, list]) =>
          `SELECT a FROM b WHERE ${conditions.map(([sign, each]) => `c ${sign} ${each}`).join(' AND ')} AND d IN (${list.join(', ')})`,
      );
    fc.assert(
      fc.property(statement, fc.constantFrom(...SYSTEMS), (sql, system) => {
        expect(queryShape(sql, dialectOf(system))).not.toMatch(/[ßø\d]|;/);
      }),
    );
  });

  it('is its own shape', () => {
    fc.assert(
      fc.property(anyText(), fc.constantFrom(...SYSTEMS), (sql, system) => {
        const shape = queryShape(sql, dialectOf(system));
        expect(queryShape(shape, dialectOf(system))).toBe(shape);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(["'secret", '"secret', '$a$secret', '/* secret', '-- secret', "'a' || 'secret"])(
    'has no part of a text that does not end: %s',
    (end) => {
      for (const system of SYSTEMS) {
        expect(queryShape(`SELECT * FROM a WHERE b = ${end}`, dialectOf(system))).not.toContain('secret');
      }
    },
  );

  it('has no part of a value that is cut', () => {
    for (const system of SYSTEMS) {
      const start = `SELECT ${'a, '.repeat(6_660)}`;
      const sql = `${start}'${'secret '.repeat(1_000)}'`;
      expect(queryShape(sql, dialectOf(system))).not.toContain('secret');
    }
  });

  it('takes linear time', () => {
    for (const unit of [
      '(',
      '1, ',
      '(1), ',
      'VALUES (',
      'VALUES (1), ',
      '?::int, ',
      "'",
      '- ',
      '::',
      '$',
      '"a" = ',
    ]) {
      const timed = (length: number): number => {
        const sql = unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
        return leastCpuMs(() => queryShape(sql, dialectOf('postgresql')), 7);
      };
      timed(2_000);
      // Quadratic time would be a hundred times as much.
      expect(timed(20_000)).toBeLessThan(Math.max(timed(2_000), 0.5) * 50);
    }
  });
});

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function anyText(): fc.Arbitrary<string> {
  const signs = '\'"`[]()$:@?.,;-+*/=<>|#!\\ \n'.split('');
  const words = 'SELECT VALUES IN a b1 12 1e5 0xF ::int $1 :x @p1 -- /* */ E q $$ $a$'.split(' ');
  return fc.string({ unit: fc.constantFrom(...signs, ...words), maxLength: 25 });
}
