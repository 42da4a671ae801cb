import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'call-sites-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string): string {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** A map of the first position of a file to line 7, column 3 of a source. */
function sourceMap(source: string, more: object = {}): string {
  return JSON.stringify({ version: 3, sources: [source], names: [], mappings: 'AAME', ...more });
}

const inline = (map: string, charset = ''): string =>
  `//# sourceMappingURL=data:application/json${charset};base64,${Buffer.from(map).toString('base64')}`;

async function siteIn(path: string): Promise<string | undefined> {
  const sites = new CallSites(root);
  const [site] = sites.ofStack(`    at Orders.list (${path}:1:1)`, 1);
  // Once the map of the file has been read, or found to be none.
  const { maps } = sites as unknown as { readonly maps: ReadonlyMap<string, Promise<unknown>> };
  await Promise.allSettled(maps.values());
  await turn();
  return site?.text;
}

describe('the place of a call', () => {
  it('is that of the source, by a map beside the file', async () => {
    write('dist/maps/orders.js.map', sourceMap('../../src/orders.ts'));
    const path = write('dist/orders.js', 'code\n//# sourceMappingURL=maps/orders.js.map\n');
    expect(await siteIn(path)).toBe('Orders.list (src/orders.ts:7:3)');
  });

  it.each(['', ';charset=utf-8'])('is that of the source, by a map within the file%s', async (charset) => {
    const path = write('dist/orders.js', `code\n${inline(sourceMap('../src/orders.ts'), charset)}\n`);
    expect(await siteIn(path)).toBe('Orders.list (src/orders.ts:7:3)');
  });

  it('is that of the source, with a large map within the file', async () => {
    const map = sourceMap('../src/orders.ts', { sourcesContent: ['x'.repeat(500_000)] });
    expect(await siteIn(write('dist/orders.js', `code\n${inline(map)}`))).toBe(
      'Orders.list (src/orders.ts:7:3)',
    );
  });

  it('is that of the source below the root of the sources', async () => {
    const path = write(
      'dist/orders.js',
      `code\n${inline(sourceMap('orders.ts', { sourceRoot: '../src/' }))}`,
    );
    expect(await siteIn(path)).toBe('Orders.list (src/orders.ts:7:3)');
  });

  it('is that of the source with a URL or an absolute path', async () => {
    const url = pathToFileURL(join(root, 'src/my orders.ts')).href;
    expect(await siteIn(write('dist/a.js', `code\n${inline(sourceMap(url))}`))).toBe(
      'Orders.list (src/my orders.ts:7:3)',
    );
    expect(await siteIn(write('dist/b.js', `code\n${inline(sourceMap(join(root, 'src/b.ts')))}`))).toBe(
      'Orders.list (src/b.ts:7:3)',
    );
  });

  it('is that of the source in a bundle of webpack', async () => {
    const path = write('dist/main.js', `code\n${inline(sourceMap('webpack://shop/./src/orders.ts?1f2e'))}`);
    expect(await siteIn(path)).toBe('Orders.list (src/orders.ts:7:3)');
  });

  it('is that of the source that a stack trace names by webpack', () => {
    const [site] = new CallSites(root).ofStack('    at Orders.list (webpack://shop/./src/orders.ts:7:3)', 1);
    expect(site?.text).toBe('Orders.list (src/orders.ts:7:3)');
  });

  it.each([
    ['there is no map', 'code'],
    ['the map does not exist', 'code\n//# sourceMappingURL=gone.js.map'],
    ['the map is no JSON', 'code\n//# sourceMappingURL=data:application/json;base64,AAAA'],
    ['the map is elsewhere', 'code\n//# sourceMappingURL=https://127.0.0.1:1/orders.js.map'],
    ['the URL is invalid', 'code\n//# sourceMappingURL=%E0%A4%A'],
    ['the map has no such position', `code\n${inline(sourceMap('../src/orders.ts', { mappings: '' }))}`],
  ])('is that of the file that runs if %s', async (_, code) => {
    expect(await siteIn(write('dist/orders.js', code))).toBe('Orders.list (dist/orders.js:1:1)');
  });

  it('is found from a file URL, with a space in it', () => {
    const path = write('my dist/orders.mjs', 'code');
    const [site] = new CallSites(root).ofStack(`    at ${pathToFileURL(path).href}:1:1`, 1);
    expect(site?.text).toBe('my dist/orders.mjs:1:1');
  });

  it('is undefined for an error that has none', () => {
    expect(new CallSites().ofError(undefined)).toBeUndefined();
    expect(new CallSites().ofError({ stack: '    at x (file://host%/a.js:1:2)' })).toBeUndefined();
  });

  it('is found with what prepares stack traces, which stays as it was', () => {
    const before: unknown = Reflect.get(Error, 'prepareStackTrace');
    const prepare = (): never => {
      throw new Error('no');
    };
    Error.prepareStackTrace = prepare;
    try {
      expect(new CallSites().current()?.text).toContain('call-sites.spec');
      expect(Reflect.get(Error, 'prepareStackTrace')).toBe(prepare);
    } finally {
      Reflect.set(Error, 'prepareStackTrace', before);
    }
  });
});
