import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { classifyScript } from '../../../lib/integrations/queries/query-class.js';

const CASES: readonly (readonly [sql: string, expected: string])[] = [
  ['SELECT "Deal"."id" AS "Deal_id" FROM "deal" "Deal" WHERE "Deal"."id" = $1', 'select deal'],
  ["select * from public.users where name = 'from secrets'", 'select users'],
  ['SELECT (SELECT max(id) FROM audits) AS last FROM `shop`.`orders`', 'select orders'],
  ['SELECT * FROM [dbo].[Order Details]', 'select unknown'],
  ['SELECT 1', 'select unknown'],
  ['SELECT * FROM generate_series(1, 10)', 'select unknown'],
  ['SELECT * FROM (SELECT * FROM users) u', 'select unknown'],
  ['(SELECT id FROM a) UNION (SELECT id FROM b)', 'select a'],
  ['WITH recent AS (SELECT * FROM deal) SELECT * FROM recent', 'select unknown'],
  ['WITH gone AS (DELETE FROM lead RETURNING *) INSERT INTO archive SELECT * FROM gone', 'insert archive'],
  ['INSERT INTO "users"("name") VALUES ($1) RETURNING "id"', 'insert users'],
  ['INSERT IGNORE INTO users (name) VALUES (?)', 'insert users'],
  ['UPDATE ONLY "deal" SET "title" = \'DELETE FROM users\' WHERE 1=1', 'update deal'],
  ['DELETE FROM sessions WHERE expires < now()', 'delete sessions'],
  ['-- SELECT FROM x\n/* INSERT INTO y */ DELETE FROM z', 'delete z'],
  ['BEGIN', 'begin unknown'],
  ['START TRANSACTION', 'begin unknown'],
  ['COMMIT', 'commit unknown'],
  ['ROLLBACK', 'rollback unknown'],
  ['ROLLBACK TO SAVEPOINT typeorm_1', 'savepoint unknown'],
  ['SAVEPOINT typeorm_1', 'savepoint unknown'],
  ['CREATE TABLE "deal" ("id" integer)', 'ddl unknown'],
  ['PRAGMA page_count', 'other unknown'],
  ['', 'other unknown'],
  ["SELECT * FROM 'secret'", 'select unknown'],
  ['SELECT $tag$ FROM secret $tag$ FROM users', 'select users'],
  ['SELECT * FROM "' + 'x'.repeat(100) + '"', 'select unknown'],
];

describe('the class of a statement', () => {
  it.each(CASES)('of %s', (sql, expected) => {
    const { operation, table } = classifyScript(sql).query;
    expect(`${operation} ${table}`).toBe(expected);
  });

  it('contains no value of the statement', () => {
    const value = fc.string().map((text) => `secret ${text}`.replaceAll("'", "''").replaceAll('\\', '/'));
    fc.assert(
      fc.property(value, value, (first, second) => {
        const sql = `SELECT * FROM users WHERE name = '${first}' AND note = '${second}'`;
        expect(classifyScript(sql).query).toEqual({ operation: 'select', table: 'users' });
      }),
    );
  });

  it('is valid for any text', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2_000 }), (text) => {
        expect(classifyScript(text).query.table).toMatch(/^[\p{L}\p{N}_$-]{1,63}$/u);
      }),
    );
  });

  it('is found in time for long texts without a closing quote', () => {
    for (const start of ["'", '"', '/*', '(', '$a$', '--', 'WITH ']) {
      classifyScript(start.repeat(200_000));
      classifyScript(`SELECT ${start}${'x'.repeat(1_000_000)}`);
    }
  });
});
