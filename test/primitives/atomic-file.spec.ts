import { hostname, tmpdir } from 'node:os';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { AtomicFile, flushFile } from '../../lib/primitives/atomic-file.js';

/** A process ID that no process has. */
const DEAD = 2 ** 22 + 1;

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-file-'));
  path = join(folder, 'metrics.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a file that is written atomically', () => {
  it('has the new content, with the permissions that are asked for, and nothing beside it', async () => {
    const file = new AtomicFile(path, 0o600);
    await file.write(['one ', Buffer.from('two')]);
    expect(await readFile(path, 'utf8')).toBe('one two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await file.write(['three']);
    expect(await readFile(path, 'utf8')).toBe('three');
    expect(await readdir(folder)).toEqual(['metrics.json']);
  });

  it('keeps the old content when a write fails, or is aborted', async () => {
    const file = new AtomicFile(path);
    await file.write(['old']);
    await expect(file.write([7 as unknown as string])).rejects.toThrow();
    await expect(file.write(['new'], AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['metrics.json']);
  });

  it('rejects where there is no folder', async () => {
    await expect(new AtomicFile(join(folder, 'missing/file')).write(['x'])).rejects.toThrow('ENOENT');
  });

  it('removes what killed processes have left, and no file of a running one or of others', async () => {
    const names = {
      dead: `metrics.json.${hostname()}.${DEAD}.0123abcd.tmp`,
      running: `metrics.json.${hostname()}.${process.ppid}.0123abcd.tmp`,
      otherHost: `metrics.json.elsewhere.${DEAD}.0123abcd.tmp`,
      old: `metrics.json.elsewhere.${DEAD}.89abcdef.tmp`,
      otherFile: `alerts.json.${hostname()}.${DEAD}.0123abcd.tmp`,
      notes: 'metrics.json.notes',
    };
    for (const name of Object.values(names)) await writeFile(join(folder, name), '');
    await utimes(join(folder, names.old), 0, 0);
    await new AtomicFile(path).write(['x']);
    const left = [names.running, names.otherHost, names.otherFile, names.notes, 'metrics.json'];
    expect((await readdir(folder)).toSorted()).toEqual(left.toSorted());
  });

  it('that is a device is written to directly', async () => {
    await expect(new AtomicFile('/dev/null').write(['x'])).resolves.toBeUndefined();
  });
});

describe('a file that is flushed to the disk', () => {
  it('is written all the same where the permission model forbids it, as of Node 22.23', async () => {
    const denied = Object.assign(new Error('fsync API is disabled'), { code: 'ERR_ACCESS_DENIED' });
    await expect(flushFile({ sync: () => Promise.reject(denied) })).resolves.toBeUndefined();
  });

  it('fails if the disk does', async () => {
    const broken = Object.assign(new Error('input/output error'), { code: 'EIO' });
    await expect(flushFile({ sync: () => Promise.reject(broken) })).rejects.toBe(broken);
  });
});
