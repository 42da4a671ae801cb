import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { lateUnicodeClasses } from '../../release/late-unicode-classes.mjs';

function transformed(code: string): string {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext };
  const transformers = { before: [lateUnicodeClasses] };
  return ts.transpileModule(code, { compilerOptions, transformers }).outputText.trim();
}

describe('regular expressions with classes of Unicode', () => {
  it.each(['onFirstUse', 'onFirstUse$1', 'core.onFirstUse'])(
    'are made by %s() when they are used',
    (name) => {
      expect(transformed(`export const WORD = ${name}(() => /^\\p{L}+"\\/$/u);`)).toBe(
        `export const WORD = ${name}(() => new RegExp("^\\\\p{L}+\\"\\\\/$", "u"));`,
      );
    },
  );

  it.each([
    'const WORD = /\\p{L}/u;',
    "const clean = (text) => text.replace(/\\p{L}/u, '');",
    'const clean = onFirstUse(() => [/\\p{L}/u]);',
    'const clean = other(() => /\\p{L}/u);',
  ])('are refused where they would be compiled at each use: %s', (code) => {
    expect(() => transformed(code)).toThrow(
      'The regular expression /\\p{L}/u would be compiled at each use. Make it with onFirstUse(() => /\\p{L}/u).',
    );
  });

  it('are the only ones that change', () => {
    expect(transformed('export const DIGITS = /\\d+/;')).toBe('export const DIGITS = /\\d+/;');
  });
});
