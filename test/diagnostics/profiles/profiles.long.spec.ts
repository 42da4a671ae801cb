import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Profile as Pprof } from 'pprof-format';
import type {
  ProfileContent,
  ProfileKind,
  ProfileRequest,
} from '../../../lib/diagnostics/profiles/profile.js';
import { Profiles, type ProfilesParts } from '../../../lib/diagnostics/profiles/profiles.js';
import type { AllocationProfile, CpuProfile } from '../../../lib/diagnostics/profiles/v8-profiles.js';
import { systemClock } from '../../../lib/metrics/clock.js';

const GIB = 1024 ** 3;

describe('the profiles of a process', () => {
  let directory: string;
  const open: Profiles[] = [];

  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), 'profiles-')), 'files');
  });

  afterEach(async () => {
    for (const profiles of open.splice(0)) profiles.stop();
    await rm(join(directory, '..'), { recursive: true, force: true });
  });

  function profilesWith(limits: Partial<ProfilesParts['limits']> = {}, available = 64 * GIB): Profiles {
    const profiles = new Profiles({
      limits: { directory, maxFiles: 20, maxBytes: GIB, ...limits },
      clock: systemClock,
      memory: async () => ({ total: available, used: 0 }),
    });
    open.push(profiles);
    return profiles;
  }

  function files(): Promise<string[]> {
    return readdir(directory).catch(() => []);
  }

  it('write nothing before the first one, and then into a directory that only their user can read', async () => {
    const profiles = profilesWith();
    expect(await profiles.list()).toEqual([]);
    expect(await files()).toEqual([]);
    const { name } = await profiles.capture('report', { reason: 'a test' });
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const file of await files()) expect((await stat(join(directory, file))).mode & 0o777).toBe(0o600);
    expect(await files()).toEqual([name, `${name}.note`]);
  });

  it('are listed with why and when, the newest first, also by the next process', async () => {
    const before = Date.now();
    const first = await profilesWith().capture('report', { reason: 'first, password=hunter2' });
    const second = await profilesWith().capture('cpuProfile', { seconds: 0.1, reason: 'second' });
    expect(await profilesWith().list()).toEqual([second, first]);
    expect(first).toMatchObject({ kind: 'report', reason: 'first, password=***', formats: ['json'] });
    expect(second).toMatchObject({ kind: 'cpuProfile', formats: ['cpuprofile', 'pprof'] });
    expect(second.durationMs).toBeGreaterThanOrEqual(90);
    expect(first.startedAt).toBeGreaterThanOrEqual(before);
    expect(first.bytes).toBe((await content(await profilesWith().read(first.name))).length);
  });

  it('name a function that uses the CPU first', async () => {
    const profiles = profilesWith();
    const capturing = profiles.capture('cpuProfile', { seconds: 1 });
    await whilePending(capturing, async () => {
      plantedHotFunction();
      await new Promise(setImmediate);
    });
    const { name } = await capturing;
    const profile = JSON.parse((await content(await profiles.read(name))).toString()) as CpuProfile;
    const hot = profile.nodes.filter(({ callFrame }) => callFrame.functionName === 'plantedHotFunction');
    expect(hot.every(({ callFrame }) => callFrame.url.endsWith('profiles.long.spec.ts'))).toBe(true);
    const hits = hot.reduce((sum, { hitCount = 0 }) => sum + hitCount, 0);
    const others = profile.nodes.filter(
      (node) => !hot.includes(node) && !node.callFrame.functionName.startsWith('('),
    );
    expect(hits).toBeGreaterThan(Math.max(0, ...others.map(({ hitCount = 0 }) => hitCount)));

    const read = await profiles.read(name, { format: 'pprof' });
    expect(read.name).toBe(name.replace('.cpuprofile', '.pb.gz'));
    const { samples, types, periodType } = decoded(await content(read));
    expect(types).toEqual(['samples/count', 'cpu/nanoseconds']);
    expect(periodType).toBe('cpu/nanoseconds');
    const top = samples.toSorted((a, b) => Number(b.values[1]) - Number(a.values[1]))[0]!;
    expect(top.stack[0]).toMatch(/^plantedHotFunction .*profiles\.long\.spec\.ts:\d+$/);
    expect(Number(top.values[1])).toBeGreaterThan(100e6);
  }, 60_000);

  it('name a function that leaks first, above one whose memory was collected', async () => {
    const profiles = profilesWith();
    const capturing = profiles.capture('allocations', { seconds: 1 });
    const kept: unknown[] = [];
    await whilePending(capturing, async () => {
      kept.push(plantedLeak(20_000));
      plantedGarbage(60_000);
      // A timer: however late it is, it comes before the end of the capture, which is due later.
      await sleep(20);
    });
    const { name } = await capturing;
    expect(kept.length).toBeGreaterThan(0);
    const profile = JSON.parse((await content(await profiles.read(name))).toString()) as AllocationProfile;
    expect(profile.head.callFrame.functionName).toBe('(root)');
    const { samples, types } = decoded(await content(await profiles.read(name, { format: 'pprof' })));
    expect(types).toEqual(['inuse_space/bytes']);
    const top = samples.toSorted((a, b) => Number(b.values[0]) - Number(a.values[0]))[0]!;
    expect(top.stack[0]).toMatch(/^plantedLeak .*profiles\.long\.spec\.ts:\d+$/);
  }, 60_000);

  it('hold a report without environment, arguments and secrets, of the process and of its workers', async () => {
    process.env.PLANTED_SECRET = 'planted-secret-value';
    const env = { PLANTED_SECRET: 'planted-secret-value' };
    const worker = new Worker('setInterval(() => {}, 1000)', {
      eval: true,
      env,
      argv: ['--config', 'planted-secret-value'],
    });
    await once(worker, 'online');
    const { name } = await profilesWith().capture('report');
    await worker.terminate();
    delete process.env.PLANTED_SECRET;
    const text = (await content(await profilesWith().read(name))).toString();
    const report = JSON.parse(text) as {
      header: { processId: number; commandLine: string[] };
      workers: object[];
    };
    expect(report.workers.length).toBeGreaterThan(0);
    expect(report.header.processId).toBe(process.pid);
    expect(text).not.toContain('planted-secret-value');
    expect(text).not.toContain('environmentVariables');
    expect(report.header.commandLine).not.toContain('--config');
  });

  it('hold a heap snapshot, which is announced', async () => {
    const profiles = profilesWith();
    const { running, done } = await profiles.start('heapSnapshot', { reason: 'memory' });
    expect(running.expectedPauseMs).toBeGreaterThan(200);
    expect((await profiles.overview()).running).toEqual(running);
    const { name, bytes } = await done;
    expect(name).toBe(running.name);
    expect(bytes).toBeGreaterThan(1_000_000);
    const start = (await content(await profiles.read(name))).subarray(0, 20).toString();
    expect(start).toMatch(/^\{"snapshot":/);
  }, 300_000);

  it('refuse a heap snapshot for which there is not enough memory, and say how long it would take', async () => {
    const { heapSnapshot } = await profilesWith({}, 100).overview();
    expect(heapSnapshot).toMatchObject({ isPossible: false, availableBytes: 100 });
    await expect(profilesWith({}, 100).capture('heapSnapshot')).rejects.toMatchObject({
      refusal: 'no headroom',
      message: expect.stringMatching(
        /^A heap snapshot needs up to \d+ MiB of memory, and 1 MiB are available\. It would stop the process for about \d+\.\d s\.$/,
      ),
    });
    await expect(profilesWith({ maxBytes: 1000 }).capture('heapSnapshot')).rejects.toMatchObject({
      refusal: 'no headroom',
    });
    expect(await files()).toEqual([]);
  });

  it('are captured one at a time', async () => {
    const profiles = profilesWith();
    const first = profiles.capture('cpuProfile', { seconds: 0.2 });
    await expect(profiles.capture('report')).rejects.toMatchObject({ refusal: 'busy' });
    await first;
    await profiles.capture('report');
    expect(await profiles.list()).toHaveLength(2);
  });

  it('are bounded in number and in bytes: the oldest are removed', async () => {
    const few = profilesWith({ maxFiles: 3 });
    const names: string[] = [];
    for (let i = 0; i < 5; i++) names.push((await few.capture('report')).name);
    expect((await few.list()).map(({ name }) => name)).toEqual(names.slice(2).toReversed());
    expect(await files()).toHaveLength(6);
    const [{ bytes } = { bytes: 0 }] = await few.list();
    const small = profilesWith({ maxBytes: Math.round(bytes * 2.5) });
    await small.capture('report');
    expect(await small.list()).toHaveLength(2);
    await expect(profilesWith({ maxBytes: 100 }).capture('report')).rejects.toMatchObject({
      refusal: 'no headroom',
    });
    expect(await files()).toHaveLength(4);
  });

  it.each<[string, ProfileKind, ProfileRequest]>([
    ['kind', 'everything' as ProfileKind, {}],
    ['kind', 'toString' as ProfileKind, {}],
    ['seconds', 'cpuProfile', { seconds: 0 }],
    ['seconds', 'cpuProfile', { seconds: 1e9 }],
    ['seconds', 'cpuProfile', { seconds: NaN }],
    ['seconds', 'cpuProfile', { seconds: null as unknown as number }],
    ['seconds', 'allocations', { seconds: '10' as unknown as number }],
    ['seconds', 'heapSnapshot', { seconds: 10 }],
    ['reason', 'report', { reason: {} as string }],
    ['reason', 'report', { reason: 'x'.repeat(501) }],
  ])('are refused for an invalid %s: %s %j', async (option, kind, request) => {
    await expect(profilesWith().capture(kind, request)).rejects.toMatchObject({
      refusal: 'invalid',
      message: expect.stringContaining(`\`${option}\``),
    });
    expect(await files()).toEqual([]);
  });

  it('are read by their name alone, which leads nowhere else', async () => {
    const profiles = profilesWith();
    const { name } = await profiles.capture('report');
    const outside = join(directory, '..', name);
    await writeFile(outside, 'outside');
    await symlink(outside, join(directory, name.replace(/-\d+\.json$/, '-99.json')));
    const names = [
      '',
      '.',
      '..',
      `../${name}`,
      `..%2f${name}`,
      join(directory, name),
      `${name}.note`,
      `${name}\0`,
      '/etc/passwd',
      `${name}/`,
      name.replace(/-\d+\.json$/, '-99.json'),
      name.replace('json', 'heapsnapshot'),
      name.replace('report', 'cpuProfile'),
    ];
    for (const each of names) {
      await expect(profiles.read(each)).rejects.toMatchObject({ refusal: 'unknown' });
    }
    await expect(profiles.read(name, { format: 'pprof' })).rejects.toMatchObject({ refusal: 'invalid' });
    expect(await profiles.list()).toHaveLength(1);
  });

  it('end at once with the application, and leave nothing', async () => {
    const profiles = profilesWith();
    const { done } = await profiles.start('cpuProfile', { seconds: 120 });
    const begin = performance.now();
    profiles.stop();
    await expect(done).rejects.toMatchObject({ refusal: 'closed' });
    expect(performance.now() - begin).toBeLessThan(60_000);
    await expect(profiles.capture('report')).rejects.toMatchObject({ refusal: 'closed' });
    expect(await files()).toEqual([]);
  });

  it('are refused where they are off', async () => {
    const off = new Profiles();
    expect(await off.list()).toEqual([]);
    expect(await off.overview()).toEqual({ isEnabled: false, running: null, profiles: [] });
    await expect(off.capture('report')).rejects.toMatchObject({ refusal: 'disabled' });
    await expect(off.read('x')).rejects.toMatchObject({ refusal: 'disabled' });
  });

  it('are captured in a directory with files of other programs, which are left alone', async () => {
    await mkdir(directory);
    const others = [
      'state.json.99999999.17.tmp',
      'state.json.99999999.0123abcd.tmp',
      'upload.tar.tmp',
      'a.note',
    ];
    for (let job = 0; job < 300; job++) others.push(`job-${job}.json.99999999.${job}.tmp`);
    for (const file of others) {
      await writeFile(join(directory, file), 'of another program');
      await utimes(join(directory, file), 1, 1);
    }
    await profilesWith({ maxFiles: 1 }).capture('report');
    expect(await files()).toEqual(expect.arrayContaining(others));
  });

  it('go on without what a process left that died in the middle of one', async () => {
    const profiles = profilesWith();
    const { name } = await profiles.capture('report');
    const dead = Number(execFileSync(process.execPath, ['--print', 'process.pid'], { encoding: 'utf8' }));
    await writeFile(join(directory, `${name}.${dead}.0123abcd.tmp`), 'half');
    await writeFile(join(directory, 'of somebody else.txt'), 'kept');
    await profilesWith().capture('report');
    expect((await files()).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    expect(await files()).toContain('of somebody else.txt');
  });
});

/** Works again and again until a capture is over. */
async function whilePending(capturing: Promise<unknown>, work: () => Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const end = (): void => over.abort();
  capturing.then(end, end);
  while (!over.signal.aborted) await work();
}

function plantedHotFunction(): number {
  let sum = 0;
  for (let i = 0; i < 5e6; i++) sum += Math.sqrt(i) % 7;
  return sum;
}

function plantedLeak(count: number): unknown[] {
  const kept: unknown[] = [];
  for (let i = 0; i < count; i++) kept.push([i]);
  return kept;
}

function plantedGarbage(count: number): number {
  const kept: unknown[] = [];
  for (let i = 0; i < count; i++) kept.push([i]);
  return kept.length;
}

async function content({ open, bytes }: ProfileContent): Promise<Buffer> {
  const pieces = (await open().toArray()) as Buffer[];
  const all = Buffer.concat(pieces);
  expect(all).toHaveLength(bytes);
  return all;
}

function decoded(compressed: Buffer) {
  const profile = Pprof.decode(gunzipSync(compressed));
  const { strings } = profile.stringTable;
  const text = (index: number | bigint): string => strings[Number(index)] ?? '';
  const functions = new Map(profile.function.map((each) => [each.id, each]));
  const locations = new Map(profile.location.map((each) => [each.id, each]));
  const typeOf = ({ type, unit }: { type: number | bigint; unit: number | bigint }): string =>
    `${text(type)}/${text(unit)}`;
  return {
    types: profile.sampleType.map(typeOf),
    periodType: profile.periodType && typeOf(profile.periodType),
    samples: profile.sample.map(({ locationId, value }) => ({
      values: value,
      stack: locationId.map((id) => {
        const [line] = locations.get(id)!.line;
        const { name, filename } = functions.get(line!.functionId)!;
        return `${text(name)} ${text(filename)}:${line!.line}`;
      }),
    })),
  };
}
