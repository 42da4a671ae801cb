// Lists are spread where they would take a line for each of their texts.
/* oxlint-disable unicorn/no-useless-spread */
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import nodeSqlParser from 'node-sql-parser';
import { parse } from 'pgsql-ast-parser';
import { classifyScript, type QueryClass } from '../../../lib/integrations/queries/query-class.js';
import { dialectOf } from '../../../lib/integrations/queries/sql-dialect.js';
import { expectThat } from '../../support/expectations.js';

/**
 * Random statements of a grammar, as an object mapper or a person writes them, are read by us and by parsers that
 * read all of SQL. Where a parser understands a statement, both must give the same operation and table.
 *
 * All agree, but for one kind of statement: `node-sql-parser` takes the backslash in 'C:\' for an escape, also where
 * PostgreSQL does not, and so sees other texts than the server. That is less than one statement in a hundred.
 */
const AGREEMENT = 0.99;
const STATEMENTS = 800;

/** The share of statements that a parser must understand: one that understands nothing agrees with everything. */
const UNDERSTOOD = 0.4;

interface Grammar {
  readonly quote: (name: string) => string;
  /** Texts, with what ends or escapes them in this dialect, or in another one. */
  readonly texts: readonly string[];
  readonly comments: readonly string[];
  readonly parameter: string;
}

const POSTGRESQL: Grammar = {
  quote: (name) => `"${name}"`,
  texts: [
    "'it''s'",
    "'a FROM hunter2'",
    String.raw`'C:\'`,
    "'x; DELETE FROM hunter2'",
    "''",
    "'--'",
    "'/*'",
    "'\"'",
    ...['$$ FROM hunter2 $$', "E'it\\'s FROM hunter2'", "$t$ '; $t$"],
  ],
  comments: ['/* a */', '/* FROM hunter2 */', "-- it's\n", '-- FROM hunter2\n', '/* ; */'],
  parameter: '$1',
};
const MYSQL: Grammar = {
  quote: (name) => `\`${name}\``,
  texts: [
    "'it''s'",
    "'it\\'s'",
    '"a FROM hunter2"',
    "'a FROM hunter2'",
    String.raw`'C:\\'`,
    "'x; DELETE FROM hunter2'",
    "'#'",
    '"\'"',
  ],
  comments: ['/* a */', '/* FROM hunter2 */', "-- it's\n", '-- FROM hunter2\n', '# FROM hunter2\n'],
  parameter: '?',
};

/** Makes statements of a grammar. */
function statementsOf({ quote, texts, comments, parameter }: Grammar): fc.Arbitrary<string> {
  const name = fc.constantFrom('users', 'orders', 'Deal', 'order_items', 'x1', 'audit_log', 'userRoles');
  const identifier = fc.tuple(name, fc.boolean()).map(([of, quoted]) => (quoted ? quote(of) : of));
  const table = fc
    .tuple(identifier, fc.boolean())
    .map(([of, hasSchema]) => (hasSchema ? `${quote('app')}.${of}` : of));
  const column = fc.constantFrom('id', 'name', 't.id', quote('from'), quote('select'), `t.${quote('name')}`);
  const value = fc.oneof(
    fc.constantFrom(...texts, parameter, '1', '2.5', 'NULL'),
    fc.constantFrom(...texts),
    column,
  );
  const call = fc
    .tuple(fc.constantFrom('count', 'lower', 'coalesce'), value)
    .map(([of, argument]) => `${of}(${argument})`);
  const subquery = fc.tuple(value, table).map(([of, from]) => `(SELECT ${of} FROM ${from} LIMIT 1)`);
  const expression = fc.oneof({ weight: 4, arbitrary: value }, call, subquery);
  const condition = fc
    .array(fc.tuple(column, fc.constantFrom('=', '<>', '>', 'IS NOT NULL AND 1 ='), expression), {
      minLength: 1,
      maxLength: 3,
    })
    .map((all) => all.map((parts) => parts.join(' ')).join(' AND '));
  const where = fc.option(condition, { nil: '' }).map((of) => (of === '' ? '' : ` WHERE ${of}`));
  const list = fc.array(expression, { minLength: 1, maxLength: 4 }).map((all) => all.join(', '));
  const join = fc
    .option(fc.tuple(fc.constantFrom('JOIN', 'LEFT JOIN', 'INNER JOIN'), table, condition), {
      nil: undefined,
    })
    .map((of) => (of === undefined ? '' : ` ${of[0]} ${of[1]} j ON ${of[2]}`));
  const tail = fc.constantFrom('', ' ORDER BY id', ' LIMIT 10', ' ORDER BY id DESC LIMIT 5');
  const select = fc
    .tuple(fc.constantFrom('', 'DISTINCT '), list, table, join, where, tail)
    .map(
      ([distinct, of, from, joined, only, end]) =>
        `SELECT ${distinct}${of} FROM ${from} t${joined}${only}${end}`,
    );
  const derived = fc
    .tuple(list, select, where)
    .map(([of, inner, only]) => `SELECT ${of} FROM (${inner}) t${only}`);
  const nothing = list.map((of) => `SELECT ${of}`);
  const union = fc.tuple(select, select).map(([a, b]) => `(${a}) UNION ALL (${b})`);
  const withOne = fc
    .tuple(select, list)
    .map(([inner, of]) => `WITH recent AS (${inner}) SELECT ${of} FROM recent t`);
  const withOther = fc.tuple(select, select).map(([inner, outer]) => `WITH recent AS (${inner}) ${outer}`);
  const insert = fc.tuple(table, list).map(([into, of]) => `INSERT INTO ${into} (id, name) VALUES (${of})`);
  const insertSelect = fc.tuple(table, select).map(([into, of]) => `INSERT INTO ${into} (id) ${of}`);
  const update = fc
    .tuple(table, expression, where)
    .map(([of, to, only]) => `UPDATE ${of} SET name = ${to}${only}`);
  const remove = fc.tuple(table, where).map(([from, only]) => `DELETE FROM ${from}${only}`);
  const transaction = fc.constantFrom('BEGIN', 'START TRANSACTION', 'COMMIT', 'ROLLBACK');
  const ddl = table.map((of) => `CREATE TABLE ${of} (id int, name text)`);

  const statement = fc.oneof(
    { weight: 5, arbitrary: select },
    ...[derived, nothing, union, withOne, withOther, insert, insertSelect, update, remove, transaction, ddl],
  );
  // Between words, there may be white space and comments; the last may be written in either case.
  const gap = fc.oneof(
    { weight: 6, arbitrary: fc.constant(' ') },
    fc.constantFrom('\n', '  ', '\t'),
    fc.constantFrom(...comments).map((comment) => ` ${comment} `),
  );
  return fc
    .tuple(statement, fc.array(gap, { minLength: 3, maxLength: 3 }), fc.boolean(), fc.boolean())
    .map(([sql, [before = '', within = '', after = ''], lower, semicolon]) => {
      const [first = '', ...rest] = sql.split(' ');
      const written = lower ? first.toLowerCase() : first;
      return `${before}${[written, rest.join(' ')].filter(Boolean).join(within)}${after}${semicolon ? ';' : ''}`;
    });
}

const UNKNOWN = 'unknown';

interface PgNode {
  readonly type: string;
  readonly from?: readonly PgTable[];
  readonly left?: PgNode;
  readonly in?: PgNode;
  readonly bind?: readonly { readonly alias: { readonly name: string } }[];
  readonly into?: { readonly name: string };
  readonly table?: { readonly name: string };
}
interface PgTable {
  readonly type: string;
  readonly name?: { readonly name: string; readonly schema?: string };
}

/** Reads a statement as `pgsql-ast-parser` does; undefined where it does not understand it. */
function readByPostgresql(sql: string): QueryClass | undefined {
  let nodes: readonly PgNode[];
  try {
    nodes = parse(sql) as unknown as readonly PgNode[];
  } catch {
    return undefined;
  }
  return nodes[0] === undefined ? undefined : classOfPg(nodes[0], new Set());
}

function classOfPg(node: PgNode, derived: ReadonlySet<string>): QueryClass | undefined {
  switch (node.type) {
    case 'with':
      return node.in && classOfPg(node.in, new Set(node.bind?.map(({ alias }) => alias.name)));
    case 'union':
    case 'union all':
      return node.left && classOfPg(node.left, derived);
    case 'select': {
      const [first] = node.from ?? [];
      const isTable = first?.type === 'table' && !(first.name && derived.has(first.name.name));
      return { operation: 'select', table: isTable ? (first.name?.name ?? UNKNOWN) : UNKNOWN };
    }
    case 'insert':
      return { operation: 'insert', table: node.into?.name ?? UNKNOWN };
    case 'update':
      return { operation: 'update', table: node.table?.name ?? UNKNOWN };
    case 'delete':
      return { operation: 'delete', table: (node.from as unknown as PgNode['into'])?.name ?? UNKNOWN };
    case 'begin':
    case 'start transaction':
      return { operation: 'begin', table: UNKNOWN };
    case 'commit':
    case 'rollback':
      return { operation: node.type, table: UNKNOWN };
    case 'create table':
      return { operation: 'ddl', table: UNKNOWN };
    default:
      return undefined;
  }
}

const parser = new nodeSqlParser.Parser();

interface AnyNode {
  readonly type?: string;
  readonly from?: readonly { readonly table?: string; readonly expr?: unknown }[] | null;
  readonly table?: readonly { readonly table?: string }[];
  readonly with?: readonly { readonly name?: { readonly value?: string } }[] | null;
  readonly expr?: { readonly action?: { readonly value?: string } };
}

/** Reads a statement as `node-sql-parser` does; undefined where it does not understand it. */
function readByNodeSqlParser(sql: string, database: string): QueryClass | undefined {
  let node: AnyNode | undefined;
  try {
    const nodes = parser.astify(sql, { database }) as unknown as AnyNode | readonly AnyNode[];
    node = Array.isArray(nodes) ? (nodes as readonly AnyNode[])[0] : (nodes as AnyNode);
  } catch {
    return undefined;
  }
  switch (node?.type) {
    case 'select': {
      const [first] = node.from ?? [];
      const isDerived = node.with?.some(({ name }) => name?.value === first?.table) ?? false;
      return { operation: 'select', table: isDerived ? UNKNOWN : (first?.table ?? UNKNOWN) };
    }
    case 'insert':
      return { operation: 'insert', table: node.table?.[0]?.table ?? UNKNOWN };
    case 'update':
      return { operation: 'update', table: node.table?.[0]?.table ?? UNKNOWN };
    case 'delete':
      return { operation: 'delete', table: node.from?.[0]?.table ?? UNKNOWN };
    case 'create':
      return { operation: 'ddl', table: UNKNOWN };
    default:
      // Transactions are named differently by dialect.
      return undefined;
  }
}

/** PostgreSQL folds names that are not quoted to lower case, as its parser does; we keep them as they are written. */
const textOf = ({ operation, table }: QueryClass): string => `${operation} ${table.toLowerCase()}`;

describe('the class of a random statement', () => {
  it.each([
    ['pgsql-ast-parser', 'postgresql', POSTGRESQL, readByPostgresql],
    ['node-sql-parser', 'postgresql', POSTGRESQL, (sql: string) => readByNodeSqlParser(sql, 'postgresql')],
    ['node-sql-parser', 'mysql', MYSQL, (sql: string) => readByNodeSqlParser(sql, 'mysql')],
    ['node-sql-parser', 'mariadb', MYSQL, (sql: string) => readByNodeSqlParser(sql, 'mariadb')],
  ] as const)(
    'agrees with %s for %s',
    (_, system, grammar, read) => {
      const statements = fc.sample(statementsOf(grammar), { numRuns: STATEMENTS, seed: 20 });
      let understood = 0;
      const differing: string[] = [];
      for (const sql of statements) {
        const theirs = read(sql);
        if (theirs === undefined) continue;
        understood++;
        const ours = classifyScript(sql, dialectOf(system)).query;
        expect(ours.table).not.toContain('hunter2');
        if (textOf(ours) !== textOf(theirs)) differing.push(`${textOf(ours)} | ${textOf(theirs)} | ${sql}`);
      }
      const agreement = 1 - differing.length / understood;
      console.info(
        `${system}: ${understood} of ${STATEMENTS} understood, ${(agreement * 100).toFixed(2)} % agree`,
      );
      expect(understood / STATEMENTS).toBeGreaterThan(UNDERSTOOD);
      expectThat(
        agreement,
        `${(agreement * 100).toFixed(2)} % agree; such as\n${differing.slice(0, 5).join('\n')}`,
      ).toBeGreaterThanOrEqual(AGREEMENT);
    },
    120_000,
  );
});
