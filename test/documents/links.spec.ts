import { statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DOCUMENTS, MANUAL, ROOT, textOf } from './documents.js';
import { headingsOf, linksOf } from './markdown.js';

const MAX_IMAGE_BYTES = 250_000;
/** The number of lines from which a page lists its sections at the top. */
const LONG_PAGE_LINES = 120;

/** The reason why a relative link leads nowhere, if it does. */
function faultOf(document: string, target: string): string | undefined {
  if (/^(https?|mailto):/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? document : join(dirname(document), path);
  if (file.startsWith('..') || !isFile(resolve(ROOT, file))) return `no file ${file}`;
  if (anchor === undefined) return undefined;
  const isThere = headingsOf(file).some((heading) => heading.anchor === anchor);
  return isThere ? undefined : `no heading #${anchor} in ${file}`;
}

/** Links to folders work on few pages: not in the API reference, nor from an installed package. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

describe.each(DOCUMENTS)('%s', (document) => {
  it('has links that lead somewhere', () => {
    const broken = linksOf(document).flatMap(({ place, target }) => {
      const fault = faultOf(document, target);
      return fault === undefined ? [] : [`${place} ${target}: ${fault}`];
    });
    expect(broken).toEqual([]);
  });

  it('has one title, and no heading twice', () => {
    const headings = headingsOf(document);
    expect(headings.filter(({ level }) => level === 1)).toHaveLength(1);
    expect(new Set(headings.map(({ text }) => text)).size).toBe(headings.length);
  });
});

describe.each(MANUAL.filter((page) => page !== 'docs/README.md'))('%s', (page) => {
  it('is in the list of pages', () => {
    const targets = linksOf('docs/README.md').map(({ target }) => `docs/${target}`);
    expect(targets).toContain(page);
  });

  it('lists its sections at the top, if it is long', () => {
    if (textOf(page).split('\n').length < LONG_PAGE_LINES) return;
    const listed = linksOf(page).map(({ target }) => target);
    const sections = headingsOf(page).filter(({ level }) => level === 2);
    expect(listed).toEqual(expect.arrayContaining(sections.map(({ anchor }) => `#${anchor}`)));
  });
});

describe('the pictures', () => {
  const images = DOCUMENTS.flatMap((document) =>
    linksOf(document)
      .filter(({ isImage }) => isImage)
      .map(({ target }) => relative('.', join(dirname(document), target))),
  );

  it.each([...new Set(images)])('%s is small enough for a page', (image) => {
    expect(statSync(resolve(ROOT, image)).size).toBeLessThanOrEqual(MAX_IMAGE_BYTES);
  });
});
