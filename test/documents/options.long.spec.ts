import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import type { MonitoringOptions } from 'nestjs-monitoring';
import ts from 'typescript';
import { ROOT, textOf } from './documents.js';
import { MonitoringOptionsError } from '../../lib/options/option-checks.js';
import { resolveOptions } from '../../lib/module/monitoring.options.js';
import {
  choiceOptions,
  optionGroups,
  optionTables,
  type SwitchedOption,
  switchedOptions,
} from './option-reference.js';

const LIB = resolve(import.meta.dirname, '../../lib');

const paths = readdirSync(LIB, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
const isDoor = (path: string): boolean => !path.includes('/');
const publicNames = new Set(
  paths.filter(isDoor).flatMap((path) => readFileSync(join(LIB, path), 'utf8').match(/\b[A-Z]\w+\b/g) ?? []),
);

/** The number of public interfaces, and their members without a docstring. */
function undocumentedMembers(): { interfaces: number; members: string[] } {
  const members: string[] = [];
  let interfaces = 0;
  for (const path of paths) {
    const text = readFileSync(join(LIB, path), 'utf8');
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      if (!ts.isInterfaceDeclaration(statement) || !publicNames.has(statement.name.text)) continue;
      interfaces++;
      for (const member of statement.members) {
        const isDocumented = ts.getJSDocCommentsAndTags(member).length > 0;
        if (!isDocumented)
          members.push(`${statement.name.text}.${member.name?.getText() ?? '()'} in ${path}`);
      }
    }
  }
  return { interfaces, members };
}

describe('an option', () => {
  it('has a docstring', () => {
    const { interfaces, members } = undocumentedMembers();
    expect(interfaces).toBeGreaterThan(60);
    expect(
      members.filter((member) => /Options\.|^ThresholdAlert|^Threshold\..*alerting/.test(member)),
    ).toEqual([]);
  });
});

/** What else an option needs, so that its own value is looked at. */
const BESIDE: Readonly<Record<string, object>> = {
  'exporters.remoteWrite.nativeHistograms': { url: 'https://mimir.example.com/api/v1/push' },
};

/** Returns the message about a value of an option; undefined if it is taken. */
function refusalOf({ path }: SwitchedOption, value: unknown): string | undefined {
  const keys = path.split('.');
  const given = keys.reduceRight<unknown>(
    (inner, key, i) => ({ [key]: inner, ...(i === keys.length - 1 && BESIDE[path]) }),
    value,
  );
  try {
    resolveOptions(given as MonitoringOptions);
    return undefined;
  } catch (error) {
    if (!(error instanceof MonitoringOptionsError)) throw error;
    return error.message;
  }
}

describe('an option that is an object, or a boolean instead', () => {
  const options = switchedOptions();
  const shown: readonly [unknown, string][] = [
    [null, 'null'],
    [0, '0'],
    [1, '1'],
    [NaN, 'NaN'],
    ['', 'a string'],
    ['on', 'a string'],
    [[], 'an array'],
    [() => true, 'a function'],
  ];

  it('says what it may be and what was given, whatever else was', () => {
    // With `true`, the key is read from the environment.
    process.env['DD_API_KEY'] ??= 'a-key';
    expect(options.length).toBeGreaterThan(40);
    for (const option of options) {
      const { path, takesTrue, takesFalse } = option;
      expect([path, takesFalse]).toEqual([path, true]);
      const expected = takesTrue
        ? 'true, false or an object of options'
        : 'an object of options, or false to turn it off';
      const refused = takesTrue ? shown : [...shown, [true, 'true'] as const];
      for (const [value, words] of refused) {
        expect(refusalOf(option, value)).toBe(`\`${path}\` must be ${expected}; got ${words}.`);
      }
      expect(refusalOf(option, false)).toBeUndefined();
      if (takesTrue) expect(refusalOf(option, true)).toBeUndefined();
    }
  });
});

describe('an option that is one of a few texts', () => {
  const choices = choiceOptions();
  /** Of more values than these, the docstring names some: the compiler and the error at start know all of them. */
  const MAX_NAMED = 4;

  it('names them in its docstring', () => {
    expect(choices.length).toBeGreaterThan(10);
    const unnamed = choices.flatMap(({ path, description, values }) => {
      const missing = values.filter((value) => !description.includes(`\`${value}\``));
      const mayMiss = values.length > MAX_NAMED ? values.length - 1 : 0;
      return missing.length > mayMiss ? [`${path} does not name ${missing.join(', ')}`] : [];
    });
    expect(unnamed).toEqual([]);
  });
});

describe('docs/options.md', () => {
  const page = 'docs/options.md';
  const [start, end] = [
    '<!-- from here on by UPDATE_DOCS=1 npm run test:services -- test/documents/options -->',
    '<!-- to here -->',
  ];

  it('has every option, with the words and the default of its docstring', async () => {
    const text = textOf(page);
    const [before = '', rest = ''] = text.split(start);
    const [, after = ''] = rest.split(end);
    const made = await format(`${before}${start}\n\n${optionTables()}\n\n${end}${after}`, {
      ...(await resolveConfig(resolve(ROOT, page))),
      parser: 'markdown',
    });
    if (process.env['UPDATE_DOCS'] === '1') writeFileSync(resolve(ROOT, page), made);
    expect(textOf(page)).toBe(made);
  });
});

describe('the default in a docstring', () => {
  const resolved: unknown = resolveOptions({});

  /** A default that is a number, a string, true or false. */
  const literalOf = (text: string): unknown => {
    if (/^[\d_]+$/.test(text)) return Number(text.replaceAll('_', ''));
    if (/^'[^']*'$/.test(text)) return text.slice(1, -1);
    return text === 'true' || text === 'false' ? text === 'true' : undefined;
  };

  const comparable = optionGroups().flatMap(({ path, options }) => {
    const object = path
      .split('.')
      .filter((key) => key !== '')
      .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], resolved);
    return options.flatMap(({ name, default: text }) => {
      const actual = (object as Record<string, unknown> | undefined)?.[name];
      const isComparable =
        literalOf(text) !== undefined && actual !== undefined && typeof actual !== 'object';
      return isComparable ? [{ option: path === '' ? name : `${path}.${name}`, text, actual }] : [];
    });
  });

  it('can be compared for many options', () => {
    expect(comparable.length).toBeGreaterThan(20);
  });

  it.each(comparable)('is that of the code: $option', ({ text, actual }) => {
    expect(literalOf(text)).toEqual(actual);
  });
});
