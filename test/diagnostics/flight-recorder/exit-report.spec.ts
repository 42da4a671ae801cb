import { describe, expect, it } from '@jest/globals';
import { exitReport } from '../../../lib/diagnostics/flight-recorder/exit-report.js';
import type { FlightEntry } from '../../../lib/diagnostics/flight-recorder/flight-row.js';
import { entryOf, MIB, NOW } from './flight-entries.js';

type Kills = FlightEntry['kills'];

interface Start {
  readonly isTorn?: boolean;
  readonly running?: readonly FlightEntry[];
  readonly kills?: Partial<Kills>;
  readonly boot?: string;
  readonly isWorker?: boolean;
}

/** Returns the report of a start after a process with these entries. */
function reportAfter(entries: readonly FlightEntry[], start: Start = {}) {
  const { isTorn = false, running = [], kills, boot = 'boot-1', isWorker = false } = start;
  const own = entryOf({ process: { pid: 4712, boot, isWorker }, kills: kills ?? {} });
  return exitReport({ predecessor: { entries, isTorn }, foreign: [], running }, own);
}

const signAt = (time: number) => ({ time, oldSpaceBytes: 20 * MIB });
const end = (code: number, more: Partial<NonNullable<FlightEntry['end']>> = {}) => ({
  end: { code, signal: '', isClosed: false, ...more },
});
const reasonAfter = (entry: FlightEntry, start?: Start): string => reportAfter([entry], start).reason;

describe('the report of how a process ended', () => {
  it('has its last minute, and the facts of the process', () => {
    const entries = Array.from({ length: 70 }, (_, i) => entryOf({ row: { time: NOW - (69 - i) * 1000 } }));
    const { rows, ...facts } = reportAfter(entries);
    expect(rows.map(({ time }) => time)).toEqual(entries.slice(10).map(({ row }) => row.time));
    expect(facts).toEqual({
      reason: 'killed',
      details: expect.stringContaining('SIGKILL'),
      isClean: false,
      time: NOW,
      pid: 4711,
      startedAt: NOW - 60_000,
      version: '1.2.3',
      node: 'v20.19.0',
      heapLimitBytes: 400 * MIB,
      memoryLimitBytes: 512 * MIB,
    });
  });

  it('has the last sign of life after the last row', () => {
    expect(reportAfter([entryOf({ entry: { sign: signAt(NOW + 500) } })]).time).toBe(NOW + 500);
    expect(reportAfter([entryOf({ entry: { sign: signAt(NOW - 500) } })]).time).toBe(NOW);
  });

  it('is that there was none, or that it cannot be read', () => {
    expect(reportAfter([])).toMatchObject({ reason: 'none', isClean: true });
    expect(reportAfter([], { isTorn: true })).toMatchObject({ reason: 'unknown', isClean: false });
  });

  it('is that it still runs, unless the other is a worker of the same application', () => {
    expect(reportAfter([], { running: [entryOf({})] })).toMatchObject({ reason: 'running', pid: 4711 });
    const worker = entryOf({ process: { isWorker: true } });
    expect(reportAfter([], { running: [worker], isWorker: true }).reason).toBe('none');
    expect(reportAfter([], { running: [worker] }).reason).toBe('running');
  });

  it.each<[string, string, Partial<FlightEntry>]>([
    ['clean', 'closed', end(-1, { isClosed: true })],
    ['clean', 'exit code 0', end(0)],
    ['exit_code', 'exit code 3', end(3)],
    ['exit_code', 'failed to start', end(-1)],
    ['signal', 'SIGINT ended', end(-1, { signal: 'SIGINT' })],
    ['signal', 'enableShutdownHooks', { ...end(143), asked: { signal: 'SIGTERM', time: NOW - 4_000 } }],
    ['exit_code', 'exit code 130', { ...end(130), asked: { signal: 'SIGTERM', time: NOW - 4_000 } }],
    ['exit_code', 'exit code 143', end(143)],
    ['signal', 'recorded 4 s more', { asked: { signal: 'SIGTERM', time: NOW - 4_000 } }],
    [
      'exception',
      'unhandled rejection ended the process: OrderError at Orders.list',
      {
        ...end(1),
        error: { error: 'OrderError', site: 'Orders.list', origin: 'unhandledRejection' },
      },
    ],
  ])('is %s: %s', (reason, details, entry) => {
    expect(reportAfter([entryOf({ entry })])).toMatchObject({
      reason,
      details: expect.stringContaining(details),
    });
  });

  it('is a loss of power if the machine has restarted, or the file is torn, and there is no end', () => {
    expect(reasonAfter(entryOf({}), { boot: 'boot-2' })).toBe('power_loss');
    expect(reasonAfter(entryOf({}), { isTorn: true })).toBe('power_loss');
    expect(reasonAfter(entryOf({ entry: end(0) }), { boot: 'boot-2', isTorn: true })).toBe('clean');
    // Not every system tells when it has started.
    expect(reasonAfter(entryOf({ process: { boot: '' } }), { boot: '' })).toBe('killed');
  });

  it('is a full heap if old objects nearly filled it, or were about to', () => {
    const rows = (...mib: number[]) => mib.map((each) => entryOf({ entry: { oldSpaceBytes: each * MIB } }));
    expect(reportAfter(rows(380)).reason).toBe('heap_limit');
    expect(reportAfter(rows(100, 200, 300)).reason).toBe('heap_limit');
    expect(reportAfter(rows(300, 300, 300)).reason).toBe('killed');
    expect(reportAfter(rows(300, 200, 350)).reason).toBe('heap_limit');
    expect(reportAfter(rows(350, 300, 200)).reason).toBe('killed');
    expect(reportAfter([entryOf({ process: { heapLimitBytes: 0 } })]).reason).toBe('killed');
  });

  it('is a full heap if the old objects of a small one were about to leave no room for the young ones', () => {
    const rows = (...mib: number[]) =>
      mib.map((each) =>
        entryOf({ process: { heapLimitBytes: 40 * MIB }, entry: { oldSpaceBytes: each * MIB } }),
      );
    // Rows of a process that V8 ended with 34 of 40 MiB.
    expect(reportAfter(rows(19.1, 22.6, 22.1, 27.2)).reason).toBe('heap_limit');
    expect(reportAfter(rows(27, 27.5, 27.2)).reason).toBe('killed');
    expect(reportAfter(rows(33, 33.1, 33)).reason).toBe('killed');
  });

  it('is a full heap if it grew within the last half second, which only the sign of life tells', () => {
    const entries = (...mib: readonly (readonly [row: number, sign: number])[]) =>
      mib.map(([row, sign]) =>
        entryOf({
          process: { heapLimitBytes: 40 * MIB },
          entry: { oldSpaceBytes: row * MIB, sign: { time: NOW + 500, oldSpaceBytes: sign * MIB } },
        }),
      );
    expect(reportAfter(entries([22.7, 24.9], [25.7, 30])).reason).toBe('heap_limit');
    expect(reportAfter(entries([22, 23], [24, 37]))).toMatchObject({
      reason: 'heap_limit',
      details: 'The heap was full: old objects took 37 MiB of at most 40 MiB.',
    });
    expect(reportAfter(entries([22.7, 24.9], [25.7, 25.8])).reason).toBe('killed');
    // It was collected.
    expect(reportAfter(entries([30, 33], [34, 22])).reason).toBe('killed');
  });

  it.each<[string, number, Partial<Kills>, Partial<Kills>]>([
    ['oom_kill', 80, {}, { inGroup: 1 }],
    ['oom_kill', 300, {}, { group: '8 /group', onMachine: 4 }],
    ['killed', 200, {}, { group: '8 /group', onMachine: 4 }],
    // Nobody was killed.
    ['killed', 500, {}, { group: '8 /group' }],
    ['oom_kill', 80, { limitBytes: 0, group: '' }, { onMachine: 4 }],
    ['oom_kill', 500, { onMachine: -1, inGroup: -1 }, { onMachine: -1, inGroup: -1, group: '8 /group' }],
    ['killed', 300, { onMachine: -1, inGroup: -1 }, { onMachine: -1, inGroup: -1, group: '8 /group' }],
    ['killed', 500, { onMachine: -1 }, { onMachine: -1 }],
    ['killed', 500, { inGroup: 5 }, { inGroup: 2 }],
  ])(
    'is %s with %d MiB, by the kills that the kernel counts before %j and after %j',
    (reason, mib, before, after) => {
      const entry = entryOf({ row: { rssBytes: mib * MIB }, kills: before });
      expect(reasonAfter(entry, { kills: after })).toBe(reason);
    },
  );
});
