import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildLibrary } from '../../services/support/built.js';

const ROOT = resolve(import.meta.dirname, '../../..');
const APP = 'test/instrumentation/logs/fixture/logging-app.ts';

interface Run {
  readonly exitCode: number | null;
  readonly output: string;
  readonly errors: string;
}

let folder = '';
beforeAll(buildLibrary, 240_000);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'printed-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs the application, which logs in one of its ways; `off` is with `logs: false`. */
async function run(way: string, adapter: string, logs: 'on' | 'off', counts = ''): Promise<Run> {
  // Into files, since several loggers that write to a full pipe overtake each other.
  const files = ['out', 'err'].map((name) => join(folder, `${way}.${logs}.${name}`));
  const handles = await Promise.all(files.map((file) => open(file, 'a+')));
  const child = spawn(
    process.execPath,
    ['--import', './test/support/typescript/register.mjs', APP, way, adapter, logs, counts],
    {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: 'test', NO_COLOR: '1' },
      stdio: ['ignore', ...handles.map(({ fd }) => fd)],
    },
  );
  const [exitCode] = (await once(child, 'close')) as [number | null];
  await Promise.all(handles.map((handle) => handle.close()));
  const [output = '', errors = ''] = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  const same = (text: string): string =>
    text.replaceAll(/(?<=\[Nest\] |\(node:|"pid":)\d+/g, 'PID').replaceAll(/127\.0\.0\.1:\d+/g, 'HOST');
  // The log of the start names what is off, which is all that may differ.
  const alike = same(output).replaceAll('Off: logs, ', 'Off: ');
  return { exitCode, output: withoutLateness(alike), errors: same(errors) };
}

function sorted({ output, ...rest }: Run): Run {
  return { ...rest, output: output.split('\n').toSorted().join('\n') };
}

/** Returns the output without what is said of a busy machine. */
function withoutLateness(output: string): string {
  return output
    .split('\n')
    .filter((line) => !/Health check .*event_loop|The start took/.test(line))
    .join('\n')
    .replaceAll(/\n\n+/g, '\n');
}

/** Each way with a few counts that it must have, as `level context`: of two requests. */
const WAYS: readonly (readonly [way: string, adapter: string, counts: Readonly<Record<string, number>>])[] = [
  ['console', 'express', { 'log Orders': 3, 'debug Orders': 2, 'error Static': 2, 'log Direct': 2 }],
  ['levels', 'fastify', { 'warn Orders': 2, 'error Static': 2, 'log Direct': 2, 'log Orders': 0 }],
  ['buffered', 'express', { 'log NestFactory': 1, 'log RouterExplorer': 1, 'log Orders': 3 }],
  ['json', 'fastify', { 'log Orders': 3, 'fatal Orders': 2, 'warn Sub': 2 }],
  ['subclass', 'express', { 'log Orders': 3, 'error Orders': 2, 'warn Own': 2 }],
  ['own', 'fastify', { 'log Direct': 2, 'log Orders': 0 }],
  ['frozen', 'express', { 'log Direct': 2, 'log Orders': 0 }],
  ['proxy', 'fastify', { 'log Direct': 2, 'log Orders': 0 }],
  ['throwing', 'express', { 'log Direct': 2, 'log Orders': 0 }],
  [
    'pino',
    'fastify',
    {
      'log NestFactory': 1,
      'log Orders': 3,
      'debug Orders': 0,
      'log PinoUser': 1,
      'log Raw': 2,
      'warn Raw': 2,
    },
  ],
  ['winston', 'express', { 'error Orders': 2, 'debug Orders': 0, 'log RawWinston': 2, 'warn Child': 2 }],
  ['off', 'fastify', { 'log Direct': 2, 'log Orders': 0 }],
];

describe.each(WAYS)('an application that logs by %s, on %s', (way, adapter, counts) => {
  it('prints the same bytes with its messages counted', async () => {
    const file = join(folder, `${way}.txt`);
    const [off, on] = await Promise.all([run(way, adapter, 'off'), run(way, adapter, 'on', file)]);
    // Two runs of pino without monitoring have lines in different order, too.
    expect(way === 'pino' ? sorted(on) : on).toEqual(way === 'pino' ? sorted(off) : off);
    expect(on.exitCode).toBe(0);
    const counted = new Map<string, number>(
      Array.from(
        (await readFile(file, 'utf8')).matchAll(/level="(\w+)",context="([^"]*)"} (\d+)/g),
        ([, level, context, count]) => [`${level} ${context}`, Number(count)] as const,
      ),
    );
    const found = Object.keys(counts).map((key) => [key, counted.get(key) ?? 0]);
    expect(Object.fromEntries(found)).toEqual(counts);
  }, 180_000);
});
