import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DashboardAssetEndpoint } from '../../lib/dashboard/dashboard-asset.endpoint.js';
import { missingPage, PageFile, pageFiles, pageFolder } from '../../lib/dashboard/page-files.js';
import type { EndpointReply, EndpointRequest } from '../../lib/http/endpoint.js';
import { loadWithoutImportMeta } from '../support/without-import-meta.js';

const PAGE = join(import.meta.dirname, '../../lib/dashboard/page');
const CONTENT = 'export const answer = 42;\n'.repeat(50);

describe('a file of the page', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'monitoring-page-'));
    path = join(folder, 'some.js');
    await writeFile(path, CONTENT);
    await writeFile(`${path}.br`, brotliCompressSync(CONTENT));
  });

  afterEach(() => rm(folder, { recursive: true }));

  function ask(headers: Readonly<Record<string, string>>, hasBrotli = true): Promise<EndpointReply> {
    const endpoint = new DashboardAssetEndpoint(
      'some.js',
      true,
      new PageFile('some.js', () => path, hasBrotli),
    );
    return endpoint.handle({ headers } as unknown as EndpointRequest);
  }

  it.each([
    ['br, gzip', 'br', brotliDecompressSync],
    ['gzip, deflate', 'gzip', gunzipSync],
    ['br;q=0, gzip', 'gzip', gunzipSync],
    ['*', 'gzip', gunzipSync],
    ['identity', undefined, (bytes: Buffer) => bytes],
    ['gzip;q=0', undefined, (bytes: Buffer) => bytes],
  ] as const)('is sent to a client that accepts %s as %s', async (accepted, coding, decode) => {
    const { status, headers, body } = await ask({ 'accept-encoding': accepted });
    expect([status, headers['content-encoding'], headers['vary']]).toEqual([200, coding, 'accept-encoding']);
    expect(headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(decode(body as Buffer).toString()).toBe(CONTENT);
  });

  it('is sent with gzip where there is no copy in Brotli', async () => {
    expect((await ask({ 'accept-encoding': 'br, gzip' }, false)).headers['content-encoding']).toBe('gzip');
  });

  it('is not sent again while it is the same, in whatever coding', async () => {
    const { headers } = await ask({ 'accept-encoding': 'gzip' });
    expect(headers['cache-control']).toBe('no-cache');
    const tag = headers['etag']!;
    for (const known of [tag, `"other", ${tag}`, tag.replace('W/', '')]) {
      const again = await ask({ 'accept-encoding': 'br', 'if-none-match': known });
      expect([again.status, again.body, again.headers['etag']]).toEqual([304, '', tag]);
    }
    await writeFile(path, 'something else');
    expect((await ask({ 'if-none-match': tag })).status).toBe(200);
  });

  it('is read again after it could not be read', async () => {
    await rm(path);
    const file = new PageFile('some.js', () => path, false);
    await expect(file.tag()).rejects.toThrow('ENOENT');
    await expect(file.content('gzip')).rejects.toThrow('ENOENT');
    await writeFile(path, CONTENT);
    expect(await file.tag()).toMatch(/^W\/"[\w-]{16}"$/);
    expect(gunzipSync(await file.content('gzip')).toString()).toBe(CONTENT);
  });
});

describe('the files of the page', () => {
  it('are those of the folder that a browser asks for, each once, and those of the charts', async () => {
    const names = pageFiles().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(['dashboard.js', 'dashboard.css', 'icon.svg', 'uplot.js']));
    expect(names.filter((name) => !/^[\w.-]+\.(js|css|svg)$/.test(name))).toEqual([]);
    for (const file of pageFiles()) expect((await file.content('identity')).length).toBeGreaterThan(100);
  });
});

describe('the folder of the page', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), 'monitoring-bundle-')));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is next to the module', async () => {
    expect(missingPage()).toBeUndefined();
    expect(pageFolder(PAGE)).toBe(PAGE);
  });

  it('is that of the installed package if the module is part of a bundle', async () => {
    const installed = join(folder, 'node_modules/nestjs-monitoring');
    await mkdir(installed, { recursive: true });
    await writeFile(join(installed, 'package.json'), '{}');
    // A folder that the application itself calls so.
    await mkdir(join(folder, 'dist/page'), { recursive: true });
    await writeFile(join(folder, 'dist/page/index.html'), '<!doctype html>');
    expect(pageFolder(join(folder, 'dist/page'))).toBe(join(installed, 'dist/page'));
  });

  it('is missing, with the remedy, where the bundle is all that there is', () => {
    expect(missingPage(join(folder, 'page'))).toBe(
      `The dashboard is off, since its page is not in ${join(folder, 'page')}. Let the bundler leave the package nestjs-monitoring external, or set \`endpoints.dashboard\` to false.`,
    );
  });

  it('is found by a bundle in CommonJS, which has no import.meta', () => {
    const path = join(import.meta.dirname, '../../lib/dashboard/page-files.ts');
    const bundled = loadWithoutImportMeta<typeof import('../../lib/dashboard/page-files.js')>(path);
    expect(bundled.missingPage()).toBeUndefined();
    expect(bundled.pageFiles().length).toBe(pageFiles().length);
  });
});
