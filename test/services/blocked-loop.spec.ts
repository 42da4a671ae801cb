import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { CULPRITS } from './fixture/culprits.mjs';
import { buildLibrary, ROOT } from './support/built.js';

interface FoundBlock {
  readonly name: string;
  /** Time that the culprit took, and between the turns of the event loop around it, in milliseconds. */
  readonly tookMs: number;
  readonly atMostMs: number;
  readonly durationMs?: number;
  readonly culprit?: string;
  readonly operation?: string;
  readonly site?: string;
  readonly stacks?: unknown;
}

interface Run {
  readonly blocks: readonly FoundBlock[];
  readonly exitCode: number | null;
  readonly errors: string;
}

/** Runs the application of the fixture, which blocks its event loop in these ways. */
async function run(
  names: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
  app = 'blocked-app.mjs',
): Promise<Run> {
  const child = spawn(process.execPath, [...nodeOptions, `test/services/fixture/${app}`, ...names], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve) => {
    child.on('close', (exitCode) => {
      const lines = output.split('\n').filter((line) => line.startsWith('{"'));
      resolve({ blocks: lines.map((line) => JSON.parse(line) as FoundBlock), exitCode, errors });
    });
  });
}

/** The beat of the watch, and as much again. */
const TOLERANCE_MS = 100;

beforeAll(buildLibrary, 180_000);

describe('what blocks the event loop', () => {
  it('is named, in fifty ways', async () => {
    expect(Object.keys(CULPRITS).length).toBeGreaterThanOrEqual(50);
    const { blocks, errors, exitCode } = await run([]);
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect(blocks.map(({ name }) => name)).toEqual(Object.keys(CULPRITS));
    const wrong = blocks.filter(({ name, culprit = '', operation = '', site = '' }) => {
      const [, expected, expectedOperation = /.*/] = CULPRITS[name] ?? [];
      return !(
        matches(culprit, expected) &&
        // A collection of garbage may take more of it.
        (matches(operation, expectedOperation) || operation === 'garbage collection') &&
        site.includes('culprits.mjs')
      );
    });
    expect(wrong.map((block) => ({ ...block, stacks: undefined }))).toEqual([]);
    const untrue = blocks.filter(
      ({ tookMs, atMostMs, durationMs = 0 }) =>
        durationMs < tookMs - TOLERANCE_MS || durationMs > atMostMs + TOLERANCE_MS,
    );
    expect(untrue.map((block) => ({ ...block, stacks: undefined }))).toEqual([]);
  }, 900_000);

  it.each([
    ['exit', 3, ''],
    ['throw', 1, 'thrown at the end'],
  ])(
    'does not keep the process from ending by %s, nor says anything of a debugger',
    async (END, exitCode, message) => {
      for (const name of ['loop', 'pbkdf2']) {
        const ended = await run([name], { END });
        expect(ended.exitCode).toBe(exitCode);
        expect(ended.errors).toContain(message);
        expect(ended.errors).not.toContain('debugger');
      }
    },
    60_000,
  );

  it('is named in the first requests after a rest, in which the watch rests, too', async () => {
    const { blocks } = await run(['loop'], { REST_MS: '12000' });
    expect(blocks.map(({ culprit }) => culprit)).toEqual([
      'BlockingController.block',
      'BlockingController.parse',
      'Reports.loop',
    ]);
  }, 60_000);

  it('is named under an inspector of a developer, without what NODE_OPTIONS preloads in the thread', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'preloaded-'));
    await writeFile(join(directory, 'preloaded.cjs'), 'process.stderr.write("preloaded;")');
    const { blocks, errors } = await run(
      ['loop'],
      { NODE_OPTIONS: `--require ${join(directory, 'preloaded.cjs')}` },
      ['--inspect=127.0.0.1:0'],
    );
    await rm(directory, { recursive: true });
    expect(blocks.map(({ culprit }) => culprit)).toEqual(['Reports.loop']);
    expect(errors.match(/preloaded;/g)).toHaveLength(1);
  }, 60_000);

  it('is counted, but not named, where the permission model forbids the inspector to a thread', async () => {
    const isStable = process.allowedNodeEnvironmentFlags.has('--permission');
    const { blocks, exitCode } = await run(['loop'], {}, [
      isStable ? '--permission' : '--experimental-permission',
      '--allow-fs-read=*',
      '--allow-worker',
    ]);
    expect(blocks.map(({ culprit }) => culprit)).toEqual(['(unknown)']);
    expect(exitCode).toBe(0);
  }, 60_000);

  it('does not keep a process from ending that has nothing left to do', async () => {
    const { blocks, errors, exitCode } = await run([], {}, [], 'finished-app.mjs');
    expect({ blocks, errors, exitCode }).toEqual({ blocks: [{ isWatched: true }], errors: '', exitCode: 0 });
  }, 60_000);

  it('keeps nothing in memory that the application logs meanwhile', async () => {
    const { blocks, errors } = await run([], {}, ['--expose-gc'], 'logging-app.mjs');
    expect(errors).toBe('');
    const [{ logged, kept }] = blocks as unknown as [{ readonly logged: number; readonly kept: number }];
    expect(logged).toBeGreaterThan(1_000);
    expect(kept).toBeLessThan(5);
  }, 60_000);
});

function matches(text: string, expected: string | RegExp | undefined): boolean {
  return typeof expected === 'string' ? text === expected : expected?.test(text) === true;
}
