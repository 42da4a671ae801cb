import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { MonitoringOptionsError } from '../../lib/options/option-checks.js';
import {
  buckets,
  checked,
  count,
  duration,
  flag,
  group,
  interval,
  list,
  OPTIONAL_INTERVAL,
  optionalPatterns,
  optionNames,
  type OptionTable,
  patterns,
  readOptions,
  readValues,
  text,
} from '../../lib/options/option-table.js';

interface Options {
  readonly limit?: number;
  readonly name?: string;
  readonly nested?: { readonly on?: boolean } | false;
}

const NESTED: OptionTable<{ readonly on?: boolean }> = { on: flag(true) };
const TABLE: OptionTable<Options, Required<Omit<Options, 'name'>> & Options> = {
  limit: count(10),
  name: text(),
  nested: group((given: Options['nested'] = {}, option) => given && readOptions(option, given, NESTED)),
};
const read = (options: unknown) => readOptions('part', options as Options, TABLE);

describe('a table of options', () => {
  it('fills in the defaults, and leaves out what has neither a value nor a default', () => {
    expect(read({})).toStrictEqual({ limit: 10, nested: { on: true } });
    expect(read({ limit: undefined, name: undefined })).toStrictEqual({ limit: 10, nested: { on: true } });
  });

  it('keeps the values given', () => {
    const options = { limit: 3, name: 'a', nested: false };
    expect(read(options)).toStrictEqual(options);
  });

  it.each([
    [{ limits: 1 }, 'Unknown key `limits` in `part`. Known keys: limit, name, nested. Did you mean `limit`?'],
    [{ limit: 0 }, '`part.limit` must be a whole number of at least 1; got 0.'],
    [{ limit: null }, '`part.limit` must be a whole number of at least 1; got null.'],
    [{ name: '' }, '`part.name` must be a non-empty string; got the string "".'],
    [{ name: null }, '`part.name` must be a non-empty string; got null.'],
    [{ nested: { on: 1 } }, '`part.nested.on` must be true or false; got 1.'],
    [{ nested: { off: 1 } }, 'Unknown key `off` in `part.nested`. Known keys: on.'],
    ['limit', '`part` must be an object; got a string. Known keys: limit, name, nested.'],
    [null, '`part` must be an object; got null. Known keys: limit, name, nested.'],
    [[], '`part` must be an object; got an array. Known keys: limit, name, nested.'],
  ])('refuses %j with the option, the expectation and the value', (options, message) => {
    expect(() => read(options)).toThrow(new MonitoringOptionsError(message));
  });

  it('reads some options among others, under the names that the caller gives', () => {
    expect(readValues('part', { limit: 2, other: 1 } as Options, TABLE)).toMatchObject({ limit: 2 });
    expect(() => readValues('part', { limit: 0 }, TABLE, (key) => `${key} of the thing`)).toThrow(
      '`limit` of the thing must be',
    );
  });

  it('does not compile with an option missing, unknown, or of another type', () => {
    // @ts-expect-error name is missing
    const missing: OptionTable<{ name?: string; limit?: number }> = { limit: count(1) };
    // @ts-expect-error limits is unknown
    const unknown: OptionTable<{ limit?: number }> = { limit: count(1), limits: count(1) };
    // @ts-expect-error limit is a number
    const other: OptionTable<{ limit?: number }> = { limit: flag(true) };
    expect([missing, unknown, other].map((table) => optionNames(table).length)).toEqual([1, 2, 1]);
  });
});

describe('an entry', () => {
  it.each([
    ['flag', flag(true), 'yes', 'true or false'],
    ['count', count(1, 0), 0.5, 'a whole number of at least 0'],
    ['duration', duration(1), 0, 'a number of milliseconds above 0'],
    ['interval', interval(1), 2 ** 31, 'a number of milliseconds from 1 to 2147483647'],
    ['optional interval', OPTIONAL_INTERVAL, 0, 'a number of milliseconds from 1 to 2147483647'],
    ['buckets', buckets([1]), 5, 'a list of upper bounds in seconds'],
    ['patterns', patterns('a list of paths'), [1], 'a list of paths; got 1 at [0].'],
    ['text', text('a path'), 5, 'a path'],
    [
      'list',
      list('a list of names', (item) => typeof item === 'string'),
      ['a', 1],
      'a list of names; got 1 at [1].',
    ],
    ['checked', checked('a function', (given) => typeof given === 'function', undefined), 1, 'a function'],
  ])('of the kind %s returns its default, and refuses a wrong value', (_, entry, wrong, expected) => {
    expect(entry.read('x', undefined)).toEqual(entry.default);
    expect(() => entry.read('x', wrong)).toThrow(`\`x\` must be ${expected}`);
  });
});

describe('the docstrings of the options', () => {
  const LIB = resolve(import.meta.dirname, '../../lib');
  /** The value that a docstring gives as the default, if it is a plain one. */
  const plainValue = (words: string): unknown => {
    const number = /^(\d[\d_]*)(?![\d.])/.exec(words);
    const quoted = /^'([^']*)'$/.exec(words);
    if (/^[\d.]+(, [\d.]+)+$/.test(words)) return words.split(', ').map(Number);
    if (quoted !== null) return quoted[1];
    if (number !== null) return Number(number[1]?.replaceAll('_', ''));
    return { true: true, false: false, '[]': [] }[/^(true|false|\[\])(?!\w)/.exec(words)?.[1] ?? ''];
  };

  const sources = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.options.ts'))
    .map((path) => {
      const code = readFileSync(join(LIB, path), 'utf8');
      return { path, source: ts.createSourceFile(path, code, ts.ScriptTarget.Latest, true) };
    });

  /** The `@default` of each option of an interface. */
  function documented(name: string): Map<string, string> {
    const found = sources.flatMap(({ source }) => source.statements.filter(ts.isInterfaceDeclaration));
    const declared = found.find((each) => each.name.text === name);
    const bases =
      declared?.heritageClauses?.flatMap(({ types }) => types.map((type) => type.getText())) ?? [];
    return new Map([
      ...bases.flatMap((base) => [...documented(base)]),
      ...(declared?.members ?? []).map((member): [string, string] => [
        member.name?.getText() ?? '',
        ts
          .getJSDocTags(member)
          .filter(({ tagName }) => tagName.text === 'default')
          .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '')
          .join(),
      ]),
    ]);
  }

  const tables = sources.flatMap(({ path, source }) =>
    source.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) =>
      declarationList.declarations.flatMap((declaration) => {
        const [, type] = /^OptionTable<\s*(\w+)/.exec(declaration.type?.getText() ?? '') ?? [];
        const name = declaration.name.getText();
        return type === undefined || type === 'Partial' ? [] : [{ path, name, type }];
      }),
    ),
  );

  it('are those of every table', () => {
    expect(tables.length).toBeGreaterThan(15);
  });

  it.each(tables)('say the defaults of $name in $path', async ({ path, name, type }) => {
    const module = (await import(join(LIB, path))) as Record<string, Record<string, { default: unknown }>>;
    const defaults = documented(type);
    for (const [option, entry] of Object.entries(module[name] ?? {})) {
      const words = defaults.get(option) ?? '';
      const byDefault = entry.default;
      if (byDefault === undefined || (typeof byDefault === 'object' && !/^[\d[]/.test(words))) continue;
      expect([option, plainValue(words)]).toEqual([option, byDefault]);
    }
    expect([...defaults.keys()].filter((key) => key in (module[name] ?? {})).length).toBe(defaults.size);
  });
});

describe('regular expressions in options', () => {
  class Throwing extends RegExp {
    override exec(): never {
      throw new Error('as planned');
    }

    override test(): never {
      throw new Error('as planned');
    }
  }
  const late = /b/g;
  late.lastIndex = 3;

  it.each<[string, RegExp]>([
    ['global', /b/g],
    ['sticky', /b/y],
    ['global and sticky, in the middle of a text', late],
    ['of a class that throws', new Throwing('b')],
    ['frozen', Object.freeze(/b/g)],
    [
      'with a property that throws',
      Object.defineProperty(/b/, 'exec', { get: () => new Throwing('b').exec() }),
    ],
  ])('match each text anew, wherever and however often: %s', (_, expression) => {
    for (const entry of [patterns('a list of patterns'), optionalPatterns('a list of patterns')]) {
      const [copy] = entry.read('ignore', [expression]) as [RegExp];
      for (let i = 0; i < 3; i++) {
        expect(copy.test('abc')).toBe(true);
        expect(copy.test('ac')).toBe(false);
      }
    }
  });
});
