// A reader copies the files of a page one after the other, and starts the application in between.
import { describe, expect, it } from '@jest/globals';
import { posix } from 'node:path';
import { codeBlocksOf } from './code-blocks.js';
import { DOCUMENTS } from './documents.js';

interface PageFile {
  readonly place: string;
  readonly path: string;
  readonly code: string;
}

/** The files of the reader's application on a page, in their order. */
function filesOf(document: string): PageFile[] {
  return codeBlocksOf(document).flatMap(({ place, path, code }) =>
    path?.includes('/applications/') ? [{ place, path, code }] : [],
  );
}

/** The imports of files that a reader does not have yet. */
function earlyImports(document: string): string[] {
  const known = new Set<string>();
  return filesOf(document).flatMap(({ place, path, code }) => {
    known.add(path);
    return [...code.matchAll(/ from '(\.[^']*)'/g)]
      .map(([, target = '']) => target)
      .filter((target) => !known.has(`${posix.join(posix.dirname(path), target)}.ts`))
      .map((target) => `${place} imports ${target}`);
  });
}

describe('the files of the documents', () => {
  it('are more than a few', () => {
    expect(DOCUMENTS.flatMap(filesOf).length).toBeGreaterThan(5);
  });

  it.each(DOCUMENTS)('import only what a reader of %s has by then', (document) => {
    expect(earlyImports(document)).toEqual([]);
  });
});
