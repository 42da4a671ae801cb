import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');
const LIB = join(ROOT, 'lib');
const TEST = join(ROOT, 'test');

/** A row of the map in CONTRIBUTING.md: files of lib/ that are tested through others. */
interface Row {
  readonly patterns: readonly string[];
  readonly tests: readonly string[];
}

function sourcesIn(folder: string, end: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith(end) && !path.includes('node_modules'));
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

const files = sourcesIn(LIB, '.ts');
const specs = sourcesIn(TEST, '.spec.ts');

/** The file of lib/ behind each name of the doors. */
const doors = new Map(
  files
    .filter((path) => !path.includes('/'))
    .flatMap((door) =>
      parse(join(LIB, door)).statements.flatMap((statement) => {
        if (!ts.isExportDeclaration(statement) || statement.exportClause === undefined) return [];
        const { exportClause, moduleSpecifier } = statement;
        if (!ts.isNamedExports(exportClause) || moduleSpecifier === undefined) return [];
        const path = (moduleSpecifier as ts.StringLiteral).text.replace(/^\.\/(.*)\.js$/, '$1.ts');
        return exportClause.elements.map(({ name }) => [name.text, path] as const);
      }),
    ),
);

/** The files of lib/ that a spec imports, by their path or as values by their names in a door. */
function testedBy(spec: string): string[] {
  return parse(join(TEST, spec)).statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement)) return [];
    const { text } = statement.moduleSpecifier as ts.StringLiteral;
    if (text.startsWith('.')) {
      const path = relative(LIB, resolve(TEST, dirname(spec), text)).replaceAll('\\', '/');
      return [path.replace(/\.js$/, '.ts')];
    }
    const names = statement.importClause?.namedBindings;
    if (!text.startsWith('nestjs-monitoring') || names === undefined || !ts.isNamedImports(names)) return [];
    return names.elements
      .filter(({ isTypeOnly }) => !isTypeOnly)
      .flatMap(({ name, propertyName }) => doors.get((propertyName ?? name).text) ?? []);
  });
}

const tested = new Set(specs.flatMap(testedBy));

function hasOwnTest(path: string): boolean {
  const name = path.replace(/\.ts$/, '.');
  return tested.has(path) || specs.some((spec) => spec.startsWith(name));
}

/** Returns true for a file that declares types and constants only. */
function hasNoBehaviour(path: string): boolean {
  const hasBody = (node: ts.Node): boolean =>
    ts.isClassDeclaration(node) ||
    (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) ||
    (ts.forEachChild(node, (child) => hasBody(child) || undefined) ?? false);
  return !hasBody(parse(join(LIB, path)));
}

function rowsOf(document: string): Row[] {
  const [, section = ''] = document.split('\n## Tests\n');
  const [own = ''] = section.split('\n## ');
  const rows = [...own.matchAll(/^\| (`[^|]+) \| ([^|]+) \| [^|]+ \|$/gm)];
  const quoted = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, text]) => text ?? '');
  return rows.map(([, patterns, tests]) => ({ patterns: quoted(patterns), tests: quoted(tests) }));
}

/** Returns true if a pattern, in which `*` stands for a part of a path, matches the path. */
function matches(pattern: string, path: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.]/g, '\\.'));
  return new RegExp(`^${source.join('.*')}$`).test(path);
}

describe('the files of lib/', () => {
  const rows = rowsOf(readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8'));
  const untested = files.filter((path) => path.includes('/') && !hasOwnTest(path) && !hasNoBehaviour(path));

  it('have a test of their own, or a reason in the map of CONTRIBUTING.md', () => {
    const unexplained = untested.filter(
      (path) => !rows.some(({ patterns }) => patterns.some((pattern) => matches(pattern, path))),
    );
    expect(unexplained).toEqual([]);
  });

  it('are in the map only as long as they have no test of their own', () => {
    const patterns = rows.flatMap((row) => row.patterns);
    expect(patterns.length).toBeGreaterThan(0);
    expect(patterns.filter((pattern) => !untested.some((path) => matches(pattern, path)))).toEqual([]);
  });

  it('are tested where the map says', () => {
    const missing = rows.flatMap((row) => row.tests).filter((path) => !existsSync(join(TEST, path)));
    expect(rows.filter(({ tests }) => tests.length === 0)).toEqual([]);
    expect(missing).toEqual([]);
  });
});
