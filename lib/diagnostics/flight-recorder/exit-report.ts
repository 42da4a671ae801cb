import { constants } from 'node:os';
import {
  type FlightEntry,
  type FlightProcess,
  type FlightRow,
  lastSignOf,
  type MemoryKills,
} from './flight-row.js';
import type { Claim, Predecessor } from './flight-file.js';
import type { ExitReason, ExitReport } from './last-exit.js';

/** Number of rows of a report. */
const MAX_ROWS = 60;
/** Share of a limit from which on memory is nearly full. */
const NEARLY_FULL = 0.9;
/** Share of a limit from which on the process is a likely victim, if the kernel has killed one. */
const LIKELY_VICTIM = 0.5;
/** Number of rows over which the growth of the heap is measured. */
const GROWTH_ROWS = 6;
/**
 * Size that old objects may lack, in bytes, when V8 ends the process: it does so, too, if there is no room to move the
 * young ones to. Half a semi-space of 16 MiB, which is the default; of a small heap at most an eighth.
 */
const ROOM_BYTES = 8 * 1024 * 1024;

/** The facts of this process that are compared with those of its predecessor. */
export interface Successor {
  readonly process: FlightProcess;
  readonly kills: MemoryKills;
}

/** A reason and its sentence. */
interface Cause {
  readonly reason: ExitReason;
  readonly details: string;
}

/** Returns how the predecessor of a process ended. */
export function exitReport({ predecessor, running }: Claim, successor: Successor): ExitReport {
  const last = predecessor.entries.at(-1);
  if (last === undefined) return reportWithoutEntry(predecessor, running, successor);
  const { reason, details } = causeOf(last, predecessor, successor);
  return {
    reason,
    details,
    isClean: reason === 'clean',
    ...factsOf(last),
    ...(last.process.heapLimitBytes > 0 && { heapLimitBytes: last.process.heapLimitBytes }),
    ...(last.kills.limitBytes > 0 && { memoryLimitBytes: last.kills.limitBytes }),
    rows: rowsOf(predecessor),
  };
}

function reportWithoutEntry(
  { isTorn }: Predecessor,
  running: readonly FlightEntry[],
  { process: own }: Successor,
): ExitReport {
  if (isTorn) {
    const details = 'Nothing can be read of the process before: its file was cut or never reached the disk.';
    return { reason: 'unknown', details, isClean: false, rows: [] };
  }
  // The workers of one application run at the same time.
  const [other] = running.filter(({ process: { isWorker } }) => !isWorker || !own.isWorker);
  if (other === undefined) {
    return { reason: 'none', details: 'No process has recorded before.', isClean: true, rows: [] };
  }
  const { pid } = other.process;
  const details = `Process ${pid} still runs and records, so this one records into a file of its own.`;
  return { reason: 'running', details, isClean: true, pid, startedAt: other.process.startedAt, rows: [] };
}

function factsOf(last: FlightEntry): Partial<ExitReport> {
  const { process, asked, error, end } = last;
  const { pid, startedAt, version, node } = process;
  const signal = end === undefined || end.signal === '' ? asked?.signal : end.signal;
  return {
    time: lastSignOf(last),
    ...(end && end.code >= 0 && { exitCode: end.code }),
    ...(signal !== undefined && { signal }),
    pid,
    startedAt,
    ...(version !== '' && { version }),
    ...(node !== '' && { node }),
    ...(error && { error }),
  };
}

function rowsOf({ entries }: Predecessor): FlightRow[] {
  return entries.slice(-MAX_ROWS).map(({ row }) => row);
}

function causeOf(last: FlightEntry, predecessor: Predecessor, successor: Successor): Cause {
  if (last.end !== undefined) return causeOfEnd(last, last.end);
  if (last.asked !== undefined) {
    const seconds = Math.round((lastSignOf(last) - last.asked.time) / 1000);
    return {
      reason: 'signal',
      details: `${last.asked.signal} asked the process to end, which recorded ${seconds} s more and ended without closing the application.`,
    };
  }
  const { process: own } = successor;
  const isSameBoot = last.process.boot === own.boot;
  if (!isSameBoot && own.boot !== '') {
    return {
      reason: 'power_loss',
      details:
        'The machine stopped while the process ran, or the process was killed and its file is on another machine now.',
    };
  }
  if (predecessor.isTorn) {
    return {
      reason: 'power_loss',
      details: 'The machine stopped while the process ran: its file is incomplete.',
    };
  }
  return causeOfMemory(last, predecessor, successor) ?? KILLED;
}

const KILLED: Cause = {
  reason: 'killed',
  details:
    'The process was killed at once, by SIGKILL or another signal that cannot be noticed, by abort(), or by an error of native code.',
};

function causeOfEnd({ error, asked }: FlightEntry, end: NonNullable<FlightEntry['end']>): Cause {
  if (error !== undefined) {
    const what = error.origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught exception';
    const site = error.site === '' ? '' : ` at ${error.site}`;
    return { reason: 'exception', details: `An ${what} ended the process: ${error.error}${site}.` };
  }
  if (end.isClosed) {
    const why = asked === undefined ? '' : ` after ${asked.signal}`;
    return { reason: 'clean', details: `The application was closed${why}.` };
  }
  const signal = end.signal === '' && isExitBySignal(end.code, asked) ? asked.signal : end.signal;
  if (signal !== '') {
    return {
      reason: 'signal',
      details: `${signal} ended the process without closing the application. Call app.enableShutdownHooks() in main.ts.`,
    };
  }
  if (end.code === 0) return { reason: 'clean', details: 'The process ended with exit code 0.' };
  if (end.code < 0) return { reason: 'exit_code', details: 'The application failed to start.' };
  return { reason: 'exit_code', details: `The process ended itself with exit code ${end.code}.` };
}

/** Returns true for the status that a shell shows for the signal: the first process of a container exits with it. */
function isExitBySignal(code: number, asked: FlightEntry['asked']): asked is NonNullable<typeof asked> {
  return asked !== undefined && code === 128 + constants.signals[asked.signal as NodeJS.Signals];
}

/** Returns the cause of an end without a mark, if it was a lack of memory. */
function causeOfMemory(
  last: FlightEntry,
  predecessor: Predecessor,
  { kills: now }: Successor,
): Cause | undefined {
  const { kills: before, row } = last;
  const { limitBytes } = before;
  const of = limitBytes > 0 ? `, of at most ${sizeOf(limitBytes)}` : '';
  const used = `it used ${sizeOf(row.rssBytes)}${of}`;
  const isSameGroup = before.group !== '' && before.group === now.group;
  if (isSameGroup && before.inGroup >= 0 && now.inGroup > before.inGroup) {
    return { reason: 'oom_kill', details: `The kernel killed the process for lack of memory: ${used}.` };
  }
  if (isHeapFull(predecessor)) {
    const heap = `${sizeOf(last.sign?.oldSpaceBytes ?? last.oldSpaceBytes)} of at most ${sizeOf(last.process.heapLimitBytes)}`;
    return { reason: 'heap_limit', details: `The heap was full: old objects took ${heap}.` };
  }
  const share = limitBytes > 0 ? row.rssBytes / limitBytes : undefined;
  const isCounted = before.onMachine >= 0 && now.onMachine >= 0;
  const isLikely = isCounted
    ? now.onMachine > before.onMachine && (share === undefined || share >= LIKELY_VICTIM)
    : !isSameGroup && share !== undefined && share >= NEARLY_FULL;
  if (!isLikely) return undefined;
  return {
    reason: 'oom_kill',
    details: `The kernel probably killed the process for lack of memory: ${used}.`,
  };
}

/** Returns true if old objects nearly filled the heap, or would have, had it gone on to grow as fast for two seconds. */
function isHeapFull({ entries }: Predecessor): boolean {
  const limit = entries.at(-1)?.process.heapLimitBytes ?? 0;
  if (limit <= 0) return false;
  const recent = entries.slice(-GROWTH_ROWS);
  const rows = recent.map(({ oldSpaceBytes }) => oldSpaceBytes);
  const signs = recent.map(({ oldSpaceBytes, sign }) => sign?.oldSpaceBytes ?? oldSpaceBytes);
  const used = signs.at(-1) ?? 0;
  if (used >= limit * NEARLY_FULL) return true;
  const growth = Math.max(0, used - (rows.at(-1) ?? 0), ...stepsOf(rows), ...stepsOf(signs));
  return used >= limit / 2 && used + 2 * growth >= limit - Math.min(ROOM_BYTES, limit / 8);
}

/** Returns the differences between each number and the one before. */
function stepsOf(numbers: readonly number[]): number[] {
  return numbers.slice(1).map((number, i) => number - (numbers[i] ?? 0));
}

function sizeOf(bytes: number): string {
  return `${Math.round(bytes / (1024 * 1024))} MiB`;
}
