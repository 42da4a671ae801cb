import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExitReport } from 'nestjs-monitoring/diagnostics';
import { eventually } from '../support/eventually.js';
import { buildLibrary, ROOT } from './support/built.js';

/** What the application says at its start. */
interface Said {
  readonly exit: ExitReport | null;
  readonly file: string | null;
  readonly metric: readonly (readonly [reason: string, value: number])[];
  readonly api: { readonly enabled: boolean; readonly file: string | null; readonly exit: ExitReport | null };
}

interface Run {
  readonly said: Said;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  /** Time at which it ended, in milliseconds since the Unix epoch. */
  readonly endedAt: number;
}

interface Application {
  readonly end?: string;
  readonly adapter?: 'express' | 'fastify';
  readonly hooks?: boolean;
  readonly group?: readonly string[];
  readonly waitMs?: number;
  readonly nodeOptions?: readonly string[];
  readonly node?: string;
}

const NEWER_NODE = join(
  homedir(),
  `.cache/nestjs-monitoring-bench/node_modules/node-${process.platform}-${process.arch}/bin/node`,
);
const NODES = [process.execPath, ...(existsSync(NEWER_NODE) ? [NEWER_NODE] : [])];
if (NODES.length === 1) console.warn('Skipped: the flight recorder on Node 24. Reason: it is not installed.');

let directory = '';
let file = '';
const children: ChildProcess[] = [];
const mounts: string[] = [];

beforeAll(buildLibrary, 400_000);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flight-'));
  file = join(directory, 'flight');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const mount of mounts.splice(0)) execFileSync('umount', ['--lazy', mount]);
  rmSync(directory, { recursive: true, force: true });
});

/** Starts the application of the fixture. */
function start({ nodeOptions = [], node = process.execPath, ...given }: Application = {}) {
  const options = JSON.stringify({ end: 'exit with 0', ...given, recorder: { file } });
  const child = spawn(node, [...nodeOptions, 'test/services/fixture/ending-app.mjs', options], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: 'test', NODE_OPTIONS: '', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const said = (): Said => {
    const line = output.split('\n').find((each) => each.startsWith('{"exit"'));
    if (line === undefined) throw new Error(`The application has said nothing: ${output}`);
    return JSON.parse(line) as Said;
  };
  const ended = new Promise<Omit<Run, 'said'>>((resolve) => {
    let endedAt = 0;
    child.on('exit', () => (endedAt = Date.now()));
    child.on('close', (code, signal) => resolve({ code, signal, output, endedAt }));
  });
  return { child, said, ended, ready: () => eventually(said, { timeout: 60_000, interval: 20 }) };
}

async function run(application?: Application): Promise<Run> {
  const { ended, said } = start(application);
  const end = await ended;
  // An application that fails to start says nothing.
  const nothing = { exit: null, file: null, metric: [], api: { enabled: false, file: null, exit: null } };
  return { ...end, said: end.output.includes('{"exit"') ? said() : nothing };
}

/** Thirty ways to end, and what the next start says of each. */
const ENDINGS: readonly (readonly [reason: string, application: Application, facts?: Partial<ExitReport>])[] =
  [
    ['killed', { end: 'kill' }],
    ['exit_code', { end: 'exit' }, { exitCode: 3 }],
    ['exception', { end: 'throw' }, { exitCode: 1 }],
    ['exception', { end: 'reject' }, { exitCode: 1 }],
    ['heap_limit', { end: 'leak', nodeOptions: ['--max-old-space-size=40'] }],
    ['killed', { end: 'abort' }],
    ['signal', { end: 'terminate' }, { signal: 'SIGTERM' }],
    ['clean', { end: 'terminate', hooks: true }, { signal: 'SIGTERM' }],
    ['killed', { end: 'kill', adapter: 'fastify' }],
    ['exit_code', { end: 'exit', adapter: 'fastify' }, { exitCode: 3 }],
    ['exception', { end: 'throw', adapter: 'fastify' }],
    ['clean', { end: 'terminate', hooks: true, adapter: 'fastify' }],
    ['clean', { end: 'close' }],
    ['clean', { end: 'close', adapter: 'fastify' }],
    ['clean', { end: 'exit with 0' }, { exitCode: 0 }],
    ['exit_code', { end: 'exit code' }, { exitCode: 5 }],
    ['killed', { end: 'abort()' }],
    ['killed', { end: 'segfault' }],
    ['signal', { end: 'interrupt' }, { signal: 'SIGINT' }],
    ['clean', { end: 'interrupt', hooks: true }, { signal: 'SIGINT' }],
    ['signal', { end: 'terminate, but go on' }, { signal: 'SIGTERM' }],
    ['clean', { end: 'terminate and exit' }, { exitCode: 0 }],
    ['exit_code', { end: 'terminate and exit with 1' }, { exitCode: 1 }],
    ['exception', { end: 'throw null' }],
    ['exception', { end: 'throw and exit' }, { exitCode: 7 }],
    ['killed', { end: 'throw, survive and be killed' }],
    ['exit_code', { end: 'fail to start' }],
    ['exit_code', { end: 'exit at the start' }, { exitCode: 9 }],
    ['heap_limit', { end: 'leak', nodeOptions: ['--max-old-space-size=60'], adapter: 'fastify' }],
    ['killed', { end: 'kill', hooks: true }],
  ];

describe.each(NODES)('the end of a process on %s', (node) => {
  it('is named by the next one, in thirty ways, with at most a second lost', async () => {
    expect(ENDINGS).toHaveLength(30);
    const found: unknown[] = [];
    const lost: number[] = [];
    let before: Run | undefined;
    for (const [i, [, application]] of [...ENDINGS, ['', {}] as const].entries()) {
      const next = await run({ waitMs: 1_100, ...application, node });
      // One that fails to start says nothing; what it says is asked of the one after it.
      const { exit, metric, api, file: used } = next.said;
      if (i > 0 && exit !== null) {
        const [reason, , facts = {}] = ENDINGS[i - 1] ?? ['', {}];
        const names = Object.keys(facts) as (keyof ExitReport)[];
        const shown = Object.fromEntries(names.map((name) => [name, exit[name]]));
        const isRight = exit.reason === reason && JSON.stringify(shown) === JSON.stringify(facts);
        if (!isRight) found.push({ i, reason, facts, exit: { ...exit, rows: exit.rows.length } });
        expect(metric).toEqual([[reason, 1]]);
        expect(api.exit).toEqual(exit);
        expect(used).toBe(file);
        lost.push((before?.endedAt ?? 0) - (exit.time ?? 0));
      }
      before = next;
    }
    expect(found).toEqual([]);
    console.info(`lost at most ${Math.max(...lost)} ms on ${node}: ${lost.join(' ')}`);
    // The kernel takes a moment to end a process, and its parent one to hear of it.
    expect(lost.filter((ms) => ms > 1_500)).toEqual([]);
  }, 900_000);
});
