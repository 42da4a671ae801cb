import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CrashReport } from 'nestjs-monitoring/diagnostics';
import { ADAPTERS, type AdapterName } from '../../e2e/fixture/start-app.js';
import { buildLibrary, ROOT } from '../../services/support/built.js';

const APPLICATION = 'test/instrumentation/requests/crashing-app.mjs';

/** The end of a process. */
interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface CrashingApp {
  readonly adapter?: AdapterName;
  /** Path of the crash file; undefined for none. */
  readonly crashFile: string | undefined;
  /** An end that the application knows. */
  readonly end?: string;
  /** Number of routes whose requests fail. */
  readonly routes?: number;
  /** A command that limits the process. */
  readonly limits?: string;
}

/** Runs the crashing application to its end. */
function crash({ limits = ':', ...given }: CrashingApp): Promise<Ended> {
  const options = JSON.stringify({ adapter: 'express', end: 'throw', routes: 1, ...given });
  return new Promise((resolve) => {
    const child = execFile(
      '/bin/sh',
      ['-c', `${limits}; exec "$0" "$@"`, process.execPath, APPLICATION, options],
      {
        cwd: ROOT,
        timeout: 220_000,
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, NO_COLOR: '1', NODE_OPTIONS: '' },
      },
      (_, stdout, stderr) => resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });
}

describe('the crash file', () => {
  let directory: string;
  let count = 0;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'crash-'));
    await buildLibrary();
  }, 240_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const ends = new Map<string, Promise<Ended>>();
  /** How an application ends without a crash file, once for those who compare with the same. */
  function withoutFile(given: Omit<CrashingApp, 'crashFile'>): Promise<Ended> {
    const key = JSON.stringify({ end: 'throw', ...given });
    const known = ends.get(key) ?? crash({ ...given, crashFile: undefined });
    ends.set(key, known);
    return known;
  }

  const newFile = (): string => join(directory, `crash-${++count}.json`);
  const reportIn = (file: string): CrashReport => JSON.parse(readFileSync(file, 'utf8')) as CrashReport;
  /** The output without what differs between two processes. */
  const printed = ({ code, signal, stderr }: Ended) => ({
    code,
    signal,
    stderr: stderr.replaceAll(/\(node:\d+\)|\[Nest\] \d+ .*?(?=ERROR)/g, ''),
  });

  it.each(ADAPTERS)(
    'has the error, the records and the groups of errors of an application on %s',
    async (adapter) => {
      const file = newFile();
      expect((await crash({ adapter, crashFile: file })).code).toBe(1);
      const report = reportIn(file);
      expect(report.error).toMatchObject({
        error: 'OrderError',
        message: 'user ? not found',
        stack: [
          expect.stringMatching(/^lost \(test\/instrumentation\/requests\/crashing-app\.mjs:\d+:\d+\)$/),
          expect.anything(),
          expect.anything(),
        ],
        causes: ['RangeError'],
        origin: 'uncaughtException',
      });
      expect(report.slowest).toContainEqual(
        expect.objectContaining({ name: 'GET /orders/slow', hasFailed: false }),
      );
      expect(report.failures.map(({ name, exception }) => [name, exception?.error])).toEqual([
        ['GET /orders/broken/0/x', 'OrderError'],
      ]);
      expect(report.causes[0]?.cause.text).toMatch(/^OrderError, at Orders\.broken \(/);
      expect(report.errors.map(({ message, unhandled }) => [message, unhandled])).toEqual(
        expect.arrayContaining([
          ['user ? not found', 1],
          ['order ? has no owner', 0],
        ]),
      );
      expect(Math.abs(Date.now() - Date.parse(report.time))).toBeLessThan(120_000);
      expect(report.node).toBe(process.version);
      expect(readFileSync(file, 'utf8')).not.toMatch(/471147114711|Ada|hunter/);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    },
    180_000,
  );

  it.each([
    ['an exception', 'throw'],
    ['an unhandled rejection', 'reject'],
    ['a thrown text', 'throw text'],
    ['a thrown null', 'throw null'],
    ['an error that throws when it is read', 'throw hostile'],
    ['an exception that the application answers with an exit', 'throw and exit'],
  ])(
    'changes neither the exit code nor the printed error of %s',
    async (_, end) => {
      const file = newFile();
      const without = await withoutFile({ end });
      const ended = await crash({ crashFile: file, end });
      expect(without.code).toBeGreaterThan(0);
      expect(printed(ended)).toEqual(printed(without));
      const { error, failures } = reportIn(file);
      expect(error.origin).toBe(end === 'reject' ? 'unhandledRejection' : 'uncaughtException');
      expect(failures).toHaveLength(1);
    },
    240_000,
  );

  it.each([
    ['process.exit()', 'exit', 3],
    ['the end of the application', 'close', 0],
    ['a signal', 'signal', null],
    ['an exception that the application survives', 'throw and survive', 0],
    ['a rejection that the application handles', 'reject and exit', 4],
  ])(
    'is not written at %s',
    async (_, end, code) => {
      const file = newFile();
      expect((await crash({ crashFile: file, end })).code).toBe(code);
      expect(existsSync(file)).toBe(false);
    },
    180_000,
  );

  it('has the error that ended the process, and not one that the application survived before', async () => {
    const file = newFile();
    expect((await crash({ crashFile: file, end: 'throw twice and survive once' })).code).toBe(1);
    expect(reportIn(file).error.error).toBe('OrderError');
  }, 120_000);

  it('is where it was at the start, though the application changes its working directory', async () => {
    const file = newFile();
    expect((await crash({ crashFile: relative(ROOT, file), end: 'throw elsewhere' })).code).toBe(1);
    expect(reportIn(file).error.error).toBe('OrderError');
  }, 120_000);

  it('is replaced by a later one, and nothing of a write that did not end is left', async () => {
    const folder = join(directory, 'replaced');
    mkdirSync(folder);
    const file = join(folder, 'crash.json');
    writeFileSync(file, 'an earlier one');
    const abandoned = `${file}.1.12345678.tmp`;
    writeFileSync(abandoned, 'half of it');
    utimesSync(abandoned, 0, 0);
    await crash({ crashFile: file });
    expect(reportIn(file).error.error).toBe('OrderError');
    expect(readdirSync(folder)).toEqual(['crash.json']);
  }, 180_000);

  it('is bounded, and has the newest failures', async () => {
    const file = newFile();
    expect((await crash({ crashFile: file, routes: 400 })).code).toBe(1);
    expect(statSync(file).size).toBeLessThan(1.1 * 1024 * 1024);
    const { failures } = reportIn(file);
    expect(failures.length).toBeGreaterThan(50);
    expect(failures.length).toBeLessThanOrEqual(200);
    expect(failures[0]?.name).toMatch(/^GET \/orders\/broken\/399\//);
  }, 240_000);

  it.each<[string, () => Omit<CrashingApp, 'crashFile'> & { crashFile: string }, RegExp]>([
    ['its directory does not exist', () => ({ crashFile: join(directory, 'none', 'crash.json') }), /ENOENT/],
    ['its directory is a file', () => ({ crashFile: join(ROOT, 'package.json', 'crash.json') }), /ENOTDIR/],
    ['it is a directory', () => ({ crashFile: directory }), /is not a regular file/],
    ['it is a device', () => ({ crashFile: '/dev/full' }), /is not a regular file/],
    ['the disk is full', () => ({ crashFile: newFile(), routes: 20, limits: 'ulimit -f 1' }), /EFBIG/],
  ])(
    'leaves the end of the process as it is if %s, and says so',
    async (_, options, reason) => {
      const { crashFile, ...given } = options();
      const without = await withoutFile(given);
      const ended = await crash({ ...given, crashFile });
      expect(printed(ended)).toEqual(printed(without));
      expect(ended.stdout).toMatch(/The crash file .* cannot be written: /);
      expect(ended.stdout).toMatch(reason);
      expect(readdirSync(directory).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    },
    240_000,
  );
});
