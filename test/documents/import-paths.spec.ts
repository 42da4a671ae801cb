import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { DOCUMENTS, ROOT, textOf } from './documents.js';

const { name, exports } = JSON.parse(textOf('package.json')) as {
  readonly name: string;
  readonly exports: object;
};
const PATHS = Object.keys(exports).map((path) => path.replace('.', name));

/** The names that a door exports, by the statements of its file. */
function namesOf(path: string): Set<string> {
  const door = path === name ? 'index' : path.slice(name.length + 1);
  const file = resolve(ROOT, `lib/${door}.ts`);
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
  return new Set(
    source.statements
      .filter(ts.isExportDeclaration)
      .flatMap(({ exportClause }) =>
        exportClause && ts.isNamedExports(exportClause)
          ? exportClause.elements.map((element) => element.name.text)
          : [],
      ),
  );
}

describe('the import paths', () => {
  it.each(DOCUMENTS)('of %s exist', (document) => {
    const written = textOf(document).match(/(?<![\w/@.-])nestjs-monitoring\/[a-z][\w-]*/g) ?? [];
    expect(written.filter((path) => !PATHS.includes(path) && path !== `${name}/sample-app`)).toEqual([]);
  });

  it('are all in the table of getting started, with names that each has', () => {
    const rows = [
      ...textOf('docs/getting-started.md').matchAll(/^\| `(nestjs-monitoring[^`]*)` *\|[^|]*\|(.*)\|$/gm),
    ];
    const paths = rows.map(([, path]) => path!);
    expect(paths.toSorted()).toEqual(PATHS.filter((path) => !path.endsWith('/package.json')).toSorted());
    for (const [, path, shown] of rows) {
      const exported = namesOf(path!);
      const names = [...shown!.matchAll(/`@?(\w+)(?:\(\))?`/g)].map(([, exportedName]) => exportedName!);
      expect(names.filter((exportedName) => !exported.has(exportedName))).toEqual([]);
    }
  });
});
