// Lists are spread where they would take a line for each of their texts.
/* oxlint-disable unicorn/no-useless-spread */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { classifyScript } from '../../../lib/integrations/queries/query-class.js';
import { dialectOf } from '../../../lib/integrations/queries/sql-dialect.js';
import { readPartOf, tokensOf } from '../../../lib/integrations/queries/sql-tokens.js';

const SYSTEMS = [
  ...[
    'postgresql',
    'cockroachdb',
    'mysql',
    'mariadb',
    'sqlite',
    'microsoft.sql_server',
    'oracle.db',
    'other_sql',
  ],
];

/** Texts whose end another dialect sees elsewhere: whoever mixes them up takes `hunter2` for a table. */
const BY_DIALECT: readonly (readonly [systems: string, sql: string, table: string])[] = [
  ['postgresql', String.raw`SELECT 'C:\' AS dir, ' FROM hunter2 ' AS t`, 'unknown'],
  ['postgresql', String.raw`SELECT 'C:\' AS dir, ' FROM hunter2 ' AS t FROM users`, 'users'],
  ['cockroachdb', String.raw`SELECT E'it\'s FROM hunter2' FROM users`, 'users'],
  ['postgresql', String.raw`SELECT e'\\' AS a, ' FROM hunter2 ' FROM users`, 'users'],
  ['postgresql', String.raw`SELECT B'1', U&'\0041' , ' FROM hunter2 ' FROM users`, 'users'],
  ['postgresql', 'SELECT $a$ FROM hunter2 $b$ $a$ FROM users', 'users'],
  ['postgresql', 'SELECT $$ FROM hunter2 $$, $1 FROM users', 'users'],
  ['postgresql', 'SELECT a$b$ FROM users WHERE x = $c$ FROM hunter2 $c$', 'users'],
  ['postgresql', '/* /* */ SELECT * FROM hunter2 */ SELECT * FROM users', 'users'],
  ['postgresql', '-- a\rSELECT * FROM users', 'users'],
  ['postgresql', "SELECT a[1], ARRAY['x]'] FROM users", 'users'],
  ['postgresql', "SELECT 1 # 2, ' FROM hunter2 ' FROM users", 'users'],
  ['postgresql', 'SELECT a IS NOT DISTINCT FROM hunter2 FROM users', 'users'],
  ['postgresql', 'SELECT t.from FROM users t', 'users'],
  ['postgresql', 'WITH Recent (a) AS (SELECT 1) SELECT * FROM recent', 'unknown'],
  ['postgresql', 'SELECT 2.5 FROM users', 'users'],
  ['postgresql', 'SELECT .5, 1. FROM users', 'users'],
  ['postgresql', 'TABLE users', 'users'],
  ['mysql', String.raw`SELECT 'it\'s FROM hunter2' FROM users`, 'users'],
  ['mariadb', String.raw`SELECT "it\"s FROM hunter2" FROM users`, 'users'],
  ['mysql', 'SELECT "a" FROM "hunter2"', 'unknown'],
  ['mysql', "SELECT 1 -- it's\n FROM users", 'users'],
  ['mysql', "SELECT 1--1, ' FROM hunter2 ' FROM users", 'users'],
  ['mysql', "SELECT 1 # it's\n FROM users", 'users'],
  ['mysql', 'SELECT 1 /* /* */ FROM users', 'users'],
  ['mysql', 'SELECT /*!40001 SQL_NO_CACHE */ * FROM users', 'users'],
  ['mysql', 'SELECT * FROM `us``ers`', 'unknown'],
  ['mysql', 'INSERT users VALUES (1)', 'users'],
  ['mysql', 'UPDATE LOW_PRIORITY IGNORE users SET a = 1', 'users'],
  ['mysql', 'DELETE QUICK FROM users WHERE a = 1', 'users'],
  ['sqlite', String.raw`SELECT 'C:\', ' FROM hunter2 ' FROM [users]`, 'users'],
  ['sqlite', 'INSERT OR REPLACE INTO users VALUES (1)', 'users'],
  ['sqlite', 'UPDATE OR IGNORE users SET a = 1', 'users'],
  ['sqlite', 'SELECT /* /* */ 1 FROM users', 'users'],
  ['microsoft.sql_server', "SELECT [it's], [a]]b FROM hunter2] FROM [dbo].[users]", 'users'],
  ['microsoft.sql_server', 'SELECT TOP 10 * FROM app..users', 'users'],
  ['microsoft.sql_server', 'DELETE TOP (10) FROM users', 'users'],
  ['microsoft.sql_server', 'UPDATE TOP (10) users SET a = 1', 'users'],
  ['oracle.db', "SELECT q'[it's FROM hunter2]', NQ'!it's!' FROM users", 'users'],
  ['oracle.db', 'DELETE users WHERE a = 1', 'users'],
];

describe('a statement is classified by the rules of its database', () => {
  it.each(BY_DIALECT)('%s: %s', (system, sql, table) => {
    expect(classifyScript(sql, dialectOf(system)).query.table).toBe(table);
  });

  it.each([
    ['postgresql', 'BEGIN; SELECT 1; COMMIT', 3, 'begun committed'],
    ['postgresql', 'START TRANSACTION READ ONLY;;COMMIT AND CHAIN;', 2, 'begun committed'],
    ['postgresql', "SELECT ';COMMIT'; ROLLBACK TO a", 2, ''],
    ['mysql', 'START SLAVE', 1, ''],
    ['mysql', 'CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a = 1; END', 1, ''],
    ['microsoft.sql_server', 'BEGIN TRAN; SAVE TRAN a; COMMIT TRAN', 3, 'begun committed'],
    ['microsoft.sql_server', 'BEGIN TRY SELECT 1; END TRY', 1, ''],
    ['oracle.db', 'BEGIN work_of_ours; END;', 1, ''],
    ['oracle.db', 'DECLARE x NUMBER; BEGIN COMMIT; END;', 1, ''],
  ])('with the transaction events of %s: %s', (system, sql, count, events) => {
    const { statementCount, transactionSteps } = classifyScript(sql, dialectOf(system));
    expect(statementCount).toBe(count);
    expect(transactionSteps.map(({ event }) => event).join(' ')).toBe(events);
  });
});

describe('a statement that is cut or has no closing quote', () => {
  it.each([
    ['a name', 'FROM hunter2', -1],
    ['a quoted name', 'FROM "hunter2"', -2],
    ['a quoted name before its end', 'FROM "hunter2"', -1],
    ['a text', "FROM 'hunter2'", -2],
  ])('gives no name from %s that is cut', (_, end, cut) => {
    for (const system of SYSTEMS) {
      const sql = `SELECT ${' '.repeat(20_000 - 'SELECT '.length - end.length - cut)}${end}`;
      expect(classifyScript(sql, dialectOf(system)).query).toEqual({ operation: 'select', table: 'unknown' });
    }
  });

  it.each(["'", '"', '`', '[', '$a$', "E'", "q'["])('gives no name after %s that is not closed', (start) => {
    for (const system of SYSTEMS) {
      expect(classifyScript(`SELECT * FROM ${start}hunter2`, dialectOf(system)).query.table).not.toBe(
        'hunter',
      );
    }
  });
});

describe('of a long text, a part is enough', () => {
  it.each(["SELECT 'a", 'SELECT 1 FROM users; COMMIT', '-- a', '/* a', 'SELECT "a" FROM users'])(
    'however long it is: %s, and so on',
    (unit) => {
      for (const length of [19_999, 20_000, 20_001, 20_002, 100_000]) {
        const sql = filled(`${unit} `, length);
        expect(readPartOf(sql).length).toBe(Math.min(length, 20_001));
        for (const system of SYSTEMS) {
          const dialect = dialectOf(system);
          expect(classifyScript(readPartOf(sql), dialect)).toEqual(classifyScript(sql, dialect));
        }
      }
    },
  );
});

/** The beginnings and ends of tokens. The slowest inputs repeat a few of them. */
const PARTS = [
  ...[
    "'",
    '"',
    '`',
    '[',
    ']',
    '\\',
    '$',
    '$a$',
    '$$',
    '$a',
    'a',
    ' ',
    '\n',
    '\r',
    '-',
    '--',
    '#',
    '/*',
    '*/',
    '*',
    '/',
  ],
  ...[
    "E'",
    "q'[",
    "]'",
    '(',
    ')',
    ';',
    'WITH ',
    'AS ',
    'FROM ',
    'BEGIN ',
    'CREATE ',
    '.',
    '1',
    'é',
    '/*!1',
    '\u{1d400}',
  ],
];
const LENGTH = 20_000;
const filled = (unit: string, length: number): string =>
  unit.repeat(Math.ceil(length / unit.length)).slice(0, length);

/** The least of several times of the processor, in milliseconds: what else the machine does only makes them longer. */
function leastTime(work: () => void): number {
  let least = Infinity;
  for (let i = 0; i < 5 && least > LIMIT_MS; i++) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** 20 kB take about 2 ms; in quadratic time, the mildest of them would take several hundreds. */
const LIMIT_MS = 100;

describe('reading 20 kB takes linear time', () => {
  it('for each repeated part', () => {
    const slow = SYSTEMS.flatMap((system) =>
      PARTS.filter((part) => {
        const sql = filled(part, LENGTH);
        return leastTime(() => classifyScript(sql, dialectOf(system))) >= LIMIT_MS;
      }).map((part) => `${system} ${JSON.stringify(part)}`),
    );
    expect(slow).toEqual([]);
  }, 240_000);

  it('for sequences of repeated parts', () => {
    const run = fc.tuple(fc.array(fc.constantFrom(...PARTS), { minLength: 1, maxLength: 4 }), fc.nat(LENGTH));
    fc.assert(
      fc.property(
        fc.array(run, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...SYSTEMS),
        (runs, system) => {
          const text = runs.map(([parts, length]) => filled(parts.join(''), length)).join('');
          const sql = filled(text || "'", LENGTH);
          expect(leastTime(() => classifyScript(sql, dialectOf(system)))).toBeLessThan(LIMIT_MS);
        },
      ),
      { numRuns: 300 },
    );
  }, 240_000);

  it('for a text that once took a second', () => {
    const sql = '['.repeat(19_900) + '\\'.repeat(200);
    for (const system of SYSTEMS) {
      expect(leastTime(() => classifyScript(sql, dialectOf(system)))).toBeLessThan(LIMIT_MS);
    }
  });

  it('and returns no more than the statement', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...PARTS), { maxLength: 200 }),
        fc.constantFrom(...SYSTEMS),
        (parts, system) => {
          const sql = parts.join('');
          const tokens = tokensOf(sql, dialectOf(system));
          expect(tokens.join('').length).toBeLessThanOrEqual(sql.length);
          expect(tokens.every((token) => token === "'" || sql.includes(token))).toBe(true);
          expect(classifyScript(sql, dialectOf(system)).query.table).toMatch(/^[\p{L}\p{N}_$-]{1,63}$/u);
        },
      ),
    );
  });
});
