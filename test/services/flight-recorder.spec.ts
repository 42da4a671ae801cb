import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
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
  /** Undefined if it failed to start. */
  readonly said: Said | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
  /** Time at which its end was seen, in milliseconds since the Unix epoch. */
  readonly endedAt: number;
}

/** What the application says last. */
interface End {
  /** In milliseconds since the Unix epoch. */
  readonly endsAt: number;
  /** Time for which its event loop had not run by then, in milliseconds. */
  readonly heldUpMs: number;
}

interface Application {
  readonly end?: string;
  readonly adapter?: 'express' | 'fastify';
  readonly hooks?: boolean;
  readonly group?: readonly string[];
  readonly waitMs?: number;
  readonly nodeOptions?: readonly string[];
  readonly node?: string;
  /** Path of the file of the recorder. */
  readonly used?: string;
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
function start({ nodeOptions = [], node = process.execPath, used = file, ...given }: Application = {}) {
  const options = JSON.stringify({ end: 'exit with 0', ...given, recorder: { file: used } });
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
  return { child, said, ended, ready: () => eventually(said, { timeout: 150_000, interval: 20 }) };
}

async function run(application?: Application): Promise<Run> {
  const { ended, said } = start(application);
  const end = await ended;
  return { ...end, said: end.output.includes('{"exit"') ? said() : undefined };
}

/** Returns the time before the end of a process that the recorder may know of, in milliseconds since the Unix epoch. */
function endOf({ output }: Run): number {
  const line = output.split('\n').findLast((each) => each.startsWith('{"endsAt"'));
  if (line === undefined) throw new Error(`The application has not said when it ends: ${output}`);
  const { endsAt, heldUpMs } = JSON.parse(line) as End;
  return endsAt - heldUpMs;
}

/** Thirty ways to end, and what the next start says of each. */
const ENDINGS: readonly (readonly [reason: string, application: Application, facts?: Partial<ExitReport>])[] =
  [
    ['killed', { end: 'kill' }],
    ['exit_code', { end: 'exit' }, { exitCode: 3 }],
    ['exception', { end: 'throw' }, { exitCode: 1 }],
    ['exception', { end: 'reject' }, { exitCode: 1 }],
    ['heap_limit', { end: 'leak', nodeOptions: ['--max-old-space-size=64'] }],
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
    ['heap_limit', { end: 'leak', nodeOptions: ['--max-old-space-size=80'], adapter: 'fastify' }],
    ['killed', { end: 'kill', hooks: true }],
  ];

/** A process that ends well after it has said what it found. */
const ASKING: (typeof ENDINGS)[number] = ['clean', { end: 'exit with 0' }, { exitCode: 0 }];

/** So many chains of processes run at once, since each process waits for most of its time. */
const LANES = 3;

/** What the processes of a chain said of each other. */
interface Chain {
  readonly length: number;
  /** The ends that were not named as they were. */
  readonly wrong: unknown[];
  /**
   * The time before each end that the recorder knows nothing of, in milliseconds, without that for which the process did
   * not run; negative if it has recorded the end itself.
   */
  readonly lost: number[];
}

/** Lets processes end in turn, each of which says how the one before it ended. */
async function endInTurn(node: string, endings: typeof ENDINGS, used: string): Promise<Chain> {
  const chain = [...endings, ASKING].flatMap((ending) =>
    // One that fails to start says nothing of what it found.
    ending[1].end?.endsWith(' start') === true ? [ASKING, ending] : [ending],
  );
  const wrong: unknown[] = [];
  const lost: number[] = [];
  let before: Run | undefined;
  for (const [i, [, application]] of chain.entries()) {
    const next = await run({ waitMs: 1_100, ...application, node, used });
    const [reason, , facts = {}] = chain[i - 1] ?? ['none'];
    const { said } = next;
    if (said?.exit) {
      const { exit, metric, api } = said;
      const names = Object.keys(facts) as (keyof ExitReport)[];
      const shown = Object.fromEntries(names.map((name) => [name, exit[name]]));
      const isRight = exit.reason === reason && JSON.stringify(shown) === JSON.stringify(facts);
      if (!isRight) wrong.push({ i, reason, facts, exit: { ...exit, rows: exit.rows.length } });
      expect({ metric, exit: api.exit, used: said.file }).toEqual({ metric: [[exit.reason, 1]], exit, used });
      if (before !== undefined) lost.push(endOf(before) - (exit.time ?? 0));
    }
    before = next;
  }
  return { length: chain.length, wrong, lost };
}

describe.each(NODES)('the end of a process on %s', (node) => {
  it('is named by the next one, in thirty ways, with less than a second lost', async () => {
    expect(ENDINGS).toHaveLength(30);
    const chains = await Promise.all(
      Array.from({ length: LANES }, (_, lane) =>
        endInTurn(
          node,
          ENDINGS.filter((_ending, i) => i % LANES === lane),
          `${file}-${lane}`,
        ),
      ),
    );
    const lost = chains.flatMap((chain) => chain.lost);
    console.info(`Lost at most ${Math.max(...lost)} ms on ${node}: ${lost.join(' ')}`);
    expect(chains.flatMap(({ wrong }) => wrong)).toEqual([]);
    // The first of each chain has nobody before it, and two that fail to start say nothing.
    expect(lost).toHaveLength(chains.reduce((sum, { length }) => sum + length, 0) - LANES - 2);
    expect(lost.filter((ms) => ms >= 1_000)).toEqual([]);
  }, 900_000);
});

/** Hierarchy of control groups of version 1 in which a group with a limit can be made. */
const MEMORY = '/sys/fs/cgroup/memory';
const noGroup = whyNoGroup();
if (noGroup !== undefined) console.warn(`Skipped: the kill in a control group. Reason: ${noGroup}.`);

function whyNoGroup(): string | undefined {
  if (!existsSync(`${MEMORY}/memory.oom_control`)) return 'control groups of version 1 are not mounted';
  try {
    accessSync(MEMORY, constants.W_OK);
    return undefined;
  } catch {
    return 'no right to make a control group';
  }
}

(noGroup === undefined ? it : it.skip)(
  'a process that the kernel has killed for lack of memory is known as such, in its control group and outside of it',
  async () => {
    const group = `${MEMORY}/flight-${process.pid}`;
    mkdirSync(group);
    try {
      writeFileSync(`${group}/memory.limit_in_bytes`, String(300 * 1024 * 1024));
      for (const next of [{ group: [group] }, {}]) {
        const killed = await run({ end: 'leak buffers', group: [group] });
        expect(killed.signal).toBe('SIGKILL');
        const { said } = await run(next);
        expect(said?.exit).toMatchObject({ reason: 'oom_kill', memoryLimitBytes: 300 * 1024 * 1024 });
      }
      await run({ end: 'kill', group: [group] });
      expect((await run({ group: [group] })).said?.exit?.reason).toBe('killed');
    } finally {
      await eventually(() => rmdirSync(group));
    }
  },
  180_000,
);

/** Returns the number of rows that a process has written into the file. */
function rowsOf(pid: number | undefined): number {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line.includes('{"row"') && line.includes(`"pid":${pid},`)).length;
}

describe('the file of the flight recorder', () => {
  const reasonNow = async (application?: Application): Promise<string | undefined> =>
    (await run(application)).said?.exit?.reason;

  it('tells of a loss of power, which cuts or tears it, or leaves nothing of it', async () => {
    await run({ end: 'kill' });
    truncateSync(file, 100 * 1024);
    const { ready, child, ended } = start({ end: 'nothing' });
    expect((await ready()).exit?.reason).toBe('power_loss');
    // Of two rows, one is left.
    await eventually(() => expect(rowsOf(child.pid)).toBeGreaterThanOrEqual(2));
    child.kill('SIGKILL');
    await ended;
    const content = readFileSync(file);
    const last = content.lastIndexOf('{"row"');
    content.fill(0, last + 50, last + 1000);
    writeFileSync(file, content);
    expect(await reasonNow({ end: 'kill' })).toBe('power_loss');
    writeFileSync(file, Buffer.alloc(256 * 1024));
    expect(await reasonNow({ end: 'kill' })).toBe('unknown');
    writeFileSync(file, '');
    expect(await reasonNow({ end: 'kill' })).toBe('none');
    expect(statSync(file)).toMatchObject({ size: 256 * 1024 });
    expect(await reasonNow()).toBe('killed');
  }, 180_000);

  it('is left alone if it is that of something else, and another one is used', async () => {
    writeFileSync(file, 'a diary');
    mkdirSync(`${file}.2`);
    execFileSync('mkfifo', [`${file}.3`]);
    writeFileSync(`${file}.4`, `${'nestjs-monitoring flight recorder 99 4096 64'.padEnd(4095)}\n`);
    const { said, output } = await run({ end: 'kill' });
    expect(said).toMatchObject({ file: `${file}.5`, exit: { reason: 'none' } });
    expect(output.match(/is left alone/g)).toHaveLength(4);
    expect(readFileSync(file, 'utf8')).toBe('a diary');
    expect((await run()).said).toMatchObject({ file: `${file}.5`, exit: { reason: 'killed' } });
  }, 90_000);

  it('may be a symbolic link, also to a file that is not there yet', async () => {
    const target = join(directory, 'target');
    symlinkSync(target, file);
    expect(await reasonNow({ end: 'kill' })).toBe('none');
    expect(await reasonNow({ end: 'kill' })).toBe('killed');
    expect(statSync(target).size).toBe(256 * 1024);
  }, 90_000);

  it('is created again if it is removed while the process runs', async () => {
    const { ready, child, ended } = start({ end: 'nothing' });
    await ready();
    rmSync(file);
    await eventually(() => expect(existsSync(file) && readFileSync(file, 'utf8')).toContain('{"row"'));
    child.kill('SIGKILL');
    await ended;
    expect(await reasonNow()).toBe('killed');
  }, 90_000);

  it('belongs to one process; another that runs meanwhile has one of its own, and both are told apart', async () => {
    const first = start({ end: 'nothing' });
    await first.ready();
    const second = start({ end: 'nothing' });
    expect(await second.ready()).toMatchObject({ file: `${file}.2`, exit: { reason: 'running' } });
    second.child.kill('SIGKILL');
    await second.ended;
    const { said, endedAt } = await run();
    expect(said).toMatchObject({ file: `${file}.2`, exit: { reason: 'killed', pid: second.child.pid } });
    // It has to have recorded longer than the other one.
    await eventually(() => expect(statSync(file).mtimeMs).toBeGreaterThan(endedAt + 1_000));
    first.child.kill('SIGKILL');
    await first.ended;
    expect((await run()).said).toMatchObject({ exit: { reason: 'killed', pid: first.child.pid } });
  }, 120_000);

  it('is claimed by one of several processes that start at once', async () => {
    const all = Array.from({ length: 4 }, () => start({ end: 'nothing' }));
    await Promise.all(all.map(({ ready }) => ready()));
    const expectOneEach = (): void => {
      const pids = readdirSync(directory).flatMap((name) => {
        const text = readFileSync(join(directory, name), 'utf8');
        return [...text.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));
      });
      expect(new Set(pids)).toEqual(new Set(all.map(({ child }) => child.pid)));
      expect(readdirSync(directory)).toHaveLength(4);
    };
    // Who has lost a file to another one notices that with its next row.
    await eventually(expectOneEach);
    for (const { child } of all) child.kill('SIGKILL');
    await Promise.all(all.map(({ ended }) => ended));
    expectOneEach();
  }, 120_000);

  it('may be on a full disk, or where it cannot be written: the application does not notice', async () => {
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    if (!mounted(['-t', 'tmpfs', '-o', 'size=320k', 'tmpfs', disk], disk)) return;
    file = join(disk, 'flight');
    await run({ end: 'kill' });
    try {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(1024 * 1024));
    } catch {
      // It is full now.
    }
    expect(await reasonNow({ end: 'kill' })).toBe('killed');
    expect(await reasonNow({ end: 'kill' })).toBe('killed');
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    for (const path of [file, join(disk, 'another'), join(directory, 'missing/flight')]) {
      file = path;
      const { said, code, output } = await run();
      expect({ code, exit: said?.exit, file: said?.file }).toEqual({ code: 0, exit: null, file: null });
      expect(output.match(/The flight recorder cannot write/g)).toHaveLength(1);
    }
  }, 180_000);

  it('may be a single file that is mounted, as a volume of a container', async () => {
    const volume = join(directory, 'volume');
    for (const path of [volume, file]) writeFileSync(path, '');
    if (!mounted(['--bind', volume, file], file)) return;
    expect(await reasonNow({ end: 'kill' })).toBe('none');
    expect(await reasonNow({ end: 'exit' })).toBe('killed');
    expect(statSync(volume).size).toBe(256 * 1024);
  }, 180_000);
});

function mounted(args: readonly string[], target: string): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    mounts.push(target);
    return true;
  } catch {
    console.warn('Skipped: a mounted file system. Reason: no right to mount.');
    return false;
  }
}
