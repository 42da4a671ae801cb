import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT, textOf } from './documents.js';

type Versions = Readonly<Record<string, string>>;

const { version, engines, peerDependencies, devDependencies } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
) as { version: string; engines: Versions; peerDependencies: Versions; devDependencies: Versions };

/** The rows of the tables of the page, by their first cell. */
const rows = new Map(
  textOf('docs/upgrade-policy.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, what = '', versions = '']) => [what, versions]),
);

/** The ranges such as `^5.0.0 || ^6.0.0` as people write them: 5, 6. */
function majorsOf(range: string): string {
  return range.replaceAll(/\^(\d+)\.0\.0/g, '$1').replaceAll(' || ', ', ');
}

describe('the versions that the upgrade policy supports', () => {
  it('are those of package.json', () => {
    expect(rows.get('Node.js')).toBe(`${engines['node']?.replace('>=', '')}, 22, 24`);
    expect(rows.get('`@nestjs/common`, `core`')).toBe(majorsOf(peerDependencies['@nestjs/common'] ?? ''));
    expect(peerDependencies['@nestjs/core']).toBe(peerDependencies['@nestjs/common']);
    for (const name of ['@nestjs/schedule', '@nestjs/terminus']) {
      expect(rows.get(`\`${name}\``)).toBe(majorsOf(peerDependencies[name] ?? ''));
    }
    expect(rows.get('`rxjs`')).toBe(peerDependencies['rxjs']?.replace(/\^(\d+\.\d+)\.\d+/, '$1'));
    expect(rows.get('`reflect-metadata`')).toBe('0.1.12, 0.2');
    expect(peerDependencies['reflect-metadata']).toBe('^0.1.12 || ^0.2.0');
    expect(rows.get('`@opentelemetry/api`')).toBe(
      peerDependencies['@opentelemetry/api']?.replace(/\^(\d+\.\d+)\.\d+/, '$1'),
    );
  });

  const CLIENTS = [...rows.keys()].slice([...rows.keys()].indexOf('client') + 2);

  it('are those that the tests run with, for each client', () => {
    expect(CLIENTS.length).toBeGreaterThan(10);
    for (const client of CLIENTS) {
      const name = client.replaceAll('`', '');
      // Older versions are installed under names such as `redis-4`.
      const installed = Object.entries(devDependencies)
        .filter(([each]) => each === name || new RegExp(`^${name}-\\d`).test(each))
        .map(([, range]) => Number(/(\d+)\.\d/.exec(range)?.[1]));
      expect([client, rows.get(client)]).toEqual([
        client,
        [...new Set(installed)].toSorted((a, b) => a - b).join(', '),
      ]);
    }
  });
});

describe('the changelog', () => {
  /** The kinds of changes of Keep a Changelog. */
  const KINDS: readonly string[] = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
  const [unreleased = '', ...released] = textOf('CHANGELOG.md').split(/^## /m).slice(1);

  it('has what is not released, and below it each version with its date, the newest first', () => {
    expect(unreleased).toMatch(/^\[Unreleased\]\n/);
    const headings = released.map((section) => /^\[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)\n/.exec(section));
    expect(headings[0]?.[1]).toBe(version);
    const dates = headings.map((heading) => heading?.[2] ?? 'no date');
    expect(dates).toEqual(dates.toSorted().toReversed());
    expect(dates).not.toContain('no date');
  });

  it('has changes of six kinds only, each kind once in a version', () => {
    for (const section of [unreleased, ...released]) {
      const kinds = [...section.matchAll(/^### (.+)$/gm)].map(([, kind = '']) => kind);
      expect(kinds.filter((kind) => !KINDS.includes(kind))).toEqual([]);
      expect(kinds).toEqual([...new Set(kinds)]);
    }
    for (const section of released) expect(section).toMatch(/^### (?:.|\n)*^- /m);
  });
});
