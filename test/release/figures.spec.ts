import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MANUAL, ROOT, textOf } from '../documents/documents.js';

const DOCUMENTS = ['README.md', 'docs/performance.md'];

function figures(cwd: string, ...args: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'release/figures.mjs'), ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { status, stderr };
}

/** The paragraphs of a document that people have written: none of its tables, code or generated parts. */
function writtenParagraphs(document: string): string[] {
  return textOf(document)
    .replaceAll(/<!-- figures: [\w-]+ -->[^]*?<!-- end of figures -->/g, '')
    .replaceAll(/^```[^]*?^```/gm, '')
    .split(/\n{2,}/)
    .filter((paragraph) => !paragraph.startsWith('|'));
}

describe('the figures of the documents', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'figures-spec-'));
    for (const file of [...DOCUMENTS, 'release/figures.json']) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(join(ROOT, file), join(folder, file));
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are those of release/figures.json', () => {
    expect(figures(ROOT, '--check')).toEqual({ status: 0, stderr: '' });
  });

  it.each(DOCUMENTS)('are refused where somebody has changed one in %s, and written again', (document) => {
    const path = join(folder, document);
    const text = readFileSync(path, 'utf8');
    // The first figure of the first table.
    writeFileSync(path, text.replace(/(?<=<!-- figures: [\w-]+ -->[^]*?\| +)\d[\d.,]* ns/, '1 ns'));
    expect(readFileSync(path, 'utf8')).not.toBe(text);
    const refused = figures(folder, '--check');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`The tables of ${document} are not those of release/figures.json`);
    expect(figures(folder, '--tables').status).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('name the tables and the parts that there are', () => {
    writeFileSync(join(folder, 'README.md'), '<!-- figures: sped -->\n<!-- end of figures -->\n');
    expect(figures(folder, '--tables').stderr).toContain('There is no table `sped`. Tables: highlights,');
    expect(figures(folder, '--only', 'sped').stderr).toBe(
      'There is no part `sped`. Parts: speed, requests, tests, soak.\n',
    );
  });

  it.each([...MANUAL, 'README.md'])('stand in %s with the command that measures them', (document) => {
    const figure = /± |\d ?× (?!\d)|\d (?:ns|µs)\b|% of (?:a|one) core|[Mm]easured on (?:Node|two)\b/;
    // What is quoted is an example of what is shown.
    const quoted = /"[^"]*"/g;
    const alone = writtenParagraphs(document).filter(
      (paragraph) =>
        figure.test(paragraph.replaceAll(quoted, '')) && !/`(?:npm|node|FUZZ_RUNS)\b/.test(paragraph),
    );
    expect(alone).toEqual([]);
  });
});

describe('the changelog', () => {
  const sections = textOf('CHANGELOG.md').split(/^## /m).slice(1);

  it('begins with what is not released yet, and then with the version of the package', () => {
    const { version } = JSON.parse(textOf('package.json')) as { version: string };
    expect(sections[0]).toMatch(/^\[Unreleased\]\n/);
    expect(sections[1]).toMatch(
      new RegExp(`^\\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d\n`),
    );
  });

  it('has the parts of Keep a Changelog, each once and in its order', () => {
    const parts = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    for (const section of sections) {
      const found = [...section.matchAll(/^### (.+)$/gm)].map(([, title]) => title);
      expect(found).toEqual(parts.filter((part) => found.includes(part)));
    }
  });
});
