import { execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import type { Profile } from 'nestjs-monitoring/diagnostics';
import { allocationsPprof, cpuPprof } from '../../lib/diagnostics/profiles/pprof.js';
import type { AllocationProfile, CpuProfile } from '../../lib/diagnostics/profiles/v8-profiles.js';
import { eventually } from '../support/eventually.js';
import { describeWith, requireBinary } from './support/binaries.js';
import { Browser } from './support/browser.js';
import { buildLibrary, ROOT } from './support/built.js';
import { DEV_TOOLS, DevTools } from './support/dev-tools.js';

const SOURCE = `${ROOT}test/services/fixture/profiled-app.ts`;
const MEMORY_GROUPS = '/sys/fs/cgroup/memory';
const MIB = 1024 * 1024;

/** Returns the number of the line of the source that contains a text. */
function lineOf(text: string): number {
  return readFileSync(SOURCE, 'utf8').slice(0, readFileSync(SOURCE, 'utf8').indexOf(text)).split('\n').length;
}

beforeAll(buildLibrary, 300_000);

describeWith(['go', 'chromium'], 'a profile of a real application', () => {
  let directory: string;
  let compiled: string;
  let browser: Browser;

  beforeAll(async () => {
    browser = await Browser.start();
  }, 60_000);

  afterAll(() => browser.stop());

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'profiles-'));
    compiled = join(directory, 'dist', 'profiled-app.mjs');
    const { outputText, sourceMapText = '' } = ts.transpileModule(readFileSync(SOURCE, 'utf8'), {
      fileName: SOURCE,
      compilerOptions: {
        target: ts.ScriptTarget.ES2022,
        module: ts.ModuleKind.ESNext,
        sourceMap: true,
        removeComments: true,
      },
    });
    mkdirSync(join(directory, 'dist'));
    await writeFile(compiled, outputText.replace('profiled-app.js.map', 'profiled-app.mjs.map'));
    const map = JSON.parse(sourceMapText) as { sources: string[] };
    await writeFile(`${compiled}.map`, JSON.stringify({ ...map, sources: [SOURCE] }));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  interface Run {
    readonly profiles: readonly Profile[];
    readonly blocks: readonly string[];
    readonly output: string;
    readonly errors: string;
    readonly exitCode: number | null;
    readonly ms: number;
  }

  function run(kind: string, environment: Readonly<Record<string, string>> = {}): Promise<Run> {
    const begin = performance.now();
    const child = spawn(
      process.execPath,
      ['test/services/fixture/profiled-app.mjs', kind, compiled, join(directory, 'profiles')],
      {
        cwd: ROOT,
        env: { ...process.env, NO_COLOR: '1', ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let [output, errors] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
    return new Promise((resolve) => {
      child.on('close', (exitCode) => {
        const line = output.split('\n').find((each) => each.startsWith('{"profiles"')) ?? '{}';
        const { profiles = [], blocks = [] } = JSON.parse(line) as Partial<Run>;
        resolve({ profiles, blocks, output, errors, exitCode, ms: performance.now() - begin });
      });
    });
  }

  function textOf({ name }: Profile): string {
    return readFileSync(join(directory, 'profiles', name), 'utf8');
  }

  async function topOf(pprof: Buffer): Promise<string> {
    const file = join(directory, 'profile.pb.gz');
    await writeFile(file, pprof);
    return execFileSync(requireBinary('go'), ['tool', 'pprof', '-top', '-lines', file], { encoding: 'utf8' });
  }

  /** Returns the first row of a profile in the DevTools of Chromium that contains a text. */
  async function inDevTools({ name }: Profile, text: string): Promise<string> {
    const { page } = await browser.open(DEV_TOOLS);
    const rows = await new DevTools(page).rowsOf(join(directory, 'profiles', name), text);
    await page.close();
    return rows.find((row) => row.includes(text)) ?? '';
  }

  it('of the CPU has a hot function on top, with its line of TypeScript, as Go and DevTools read it; the watch of the event loop goes on', async () => {
    const { profiles, blocks, errors, exitCode } = await run('cpuProfile');
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect(blocks).toContain('Reports.plantedTotal');
    const profile = JSON.parse(textOf(profiles[0]!)) as CpuProfile;
    const [hot] = profile.nodes.toSorted((a, b) => (b.hitCount ?? 0) - (a.hitCount ?? 0));
    expect(hot?.callFrame).toMatchObject({
      functionName: 'plantedTotal',
      url: SOURCE,
      lineNumber: lineOf('plantedTotal()') - 1,
    });
    const top = await topOf(await cpuPprof(profile, { startedAt: Date.now(), durationMs: 2_000 }));
    expect(top).toContain('Type: cpu');
    const [, first = ''] = top.split(/flat%.*\n/);
    expect(first.split('\n')[0]).toContain(`plantedTotal ${SOURCE}:${lineOf('for (let i = 0; i < 3')}`);
    expect(await inDevTools(profiles[0]!, 'plantedTotal')).toMatch(
      new RegExp(`plantedTotal.*app\\.ts:${lineOf('plantedTotal()')}`),
    );
  }, 120_000);

  it('of the allocations has a leak on top, with its line of TypeScript, as Go and DevTools read it', async () => {
    const { profiles, errors, exitCode } = await run('allocations');
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    const profile = JSON.parse(textOf(profiles[0]!)) as AllocationProfile;
    const top = await topOf(await allocationsPprof(profile, { startedAt: Date.now(), durationMs: 2_000 }));
    expect(top).toContain('Type: inuse_space');
    const [, first = ''] = top.split(/flat%.*\n/);
    expect(first.split('\n')[0]).toContain(`plantedLeak ${SOURCE}:${lineOf('plantedLeak()')}`);
    expect(await inDevTools(profiles[0]!, 'plantedLeak')).toMatch(
      new RegExp(`plantedLeak.*app\\.ts:${lineOf('plantedLeak()')}`),
    );
  }, 120_000);

  it('of the heap has the objects of a leak in DevTools', async () => {
    const { profiles, errors, exitCode } = await run('heapSnapshot');
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    const [, count = ''] = /^\{tags\}×([\d,]+)/.exec(await inDevTools(profiles[0]!, '{tags}')) ?? [];
    expect(Number(count.replaceAll(',', ''))).toBeGreaterThanOrEqual(50_000);
  }, 120_000);

  it('is captured by SIGUSR2', async () => {
    const { profiles, errors } = await run('report', { SIGNAL: 'yes' });
    expect(errors).toBe('');
    expect(profiles).toMatchObject([{ kind: 'report', reason: 'SIGUSR2' }]);
  }, 120_000);

  it.each(['exit', 'close', 'nothing left'])(
    'keeps no process from ending by %s in the middle of it, and leaves no file',
    async (END) => {
      for (const kind of ['cpuProfile', 'allocations']) {
        const { errors, exitCode, ms } = await run(kind, { END, SECONDS: '120' });
        expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
        // Before the end of the capture.
        expect(ms).toBeLessThan(120_000);
        expect(await readdir(join(directory, 'profiles'))).toEqual([]);
      }
    },
    240_000,
  );
});

/** False where they are not mounted, not this user's, or read-only, as in most containers. */
function mayMakeGroup(): boolean {
  try {
    accessSync(MEMORY_GROUPS, constants.W_OK);
    return existsSync(`${MEMORY_GROUPS}/memory.limit_in_bytes`);
  } catch {
    return false;
  }
}

const hasGroups = mayMakeGroup();
if (!hasGroups)
  console.warn('Skipped: heap snapshots near the limit of a control group. Reason: no right to make one.');

(hasGroups ? describe : describe.skip)('heap snapshots near the memory limit of a control group', () => {
  const group = `${MEMORY_GROUPS}/nestjs-monitoring-profiles-${process.pid}`;
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'profiles-'));
    mkdirSync(group);
  });

  afterEach(async () => {
    // The kernel takes a moment to see that the group is empty.
    await eventually(() => rmdirSync(group), 30_000);
    await rm(directory, { recursive: true, force: true });
  });

  it.each([
    ['limit', 600, 60, 30],
    ['heap', 260, 120, 50],
  ])(
    'are refused in time, in forced tries of a heap that grows up to the %s',
    async (_, limitMib, heapMb, tries) => {
      writeFileSync(`${group}/memory.limit_in_bytes`, String(limitMib * MIB));
      const child = spawn(
        process.execPath,
        ['test/services/fixture/full-app.mjs', String(heapMb), String(tries), directory],
        { cwd: ROOT, env: { ...process.env, NO_COLOR: '1' }, stdio: ['pipe', 'pipe', 'pipe'] },
      );
      writeFileSync(`${group}/cgroup.procs`, String(child.pid));
      child.stdin.write('go\n');
      let [output, errors] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
      const ended = await new Promise((resolve) => {
        child.on('close', (exitCode, signal) => resolve({ exitCode, signal }));
      });
      expect({ ended, errors }).toEqual({ ended: { exitCode: 0, signal: null }, errors: '' });
      const { captured, refused } = JSON.parse(output) as { captured: number; refused: number };
      expect(captured + refused).toBe(tries);
      expect(refused).toBeGreaterThan(0);
      if (limitMib === 600) expect(captured).toBeGreaterThan(0);
    },
    900_000,
  );
});
