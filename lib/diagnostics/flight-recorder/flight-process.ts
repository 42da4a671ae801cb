import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { getHeapStatistics } from 'node:v8';
import { boundedText, type FlightProcess } from './flight-row.js';

const MIB = 1024 * 1024;
const OLD_SPACE_FLAG = /--max[-_]old[-_]space[-_]size[= ](\d+)/g;

/** Returns the facts of this process. */
export function ownProcess(version: string, isWorker: boolean): FlightProcess {
  return {
    pid: process.pid,
    startedAt: Math.round(performance.timeOrigin),
    version: boundedText(version),
    node: process.version,
    boot: readText('/proc/sys/kernel/random/boot_id'),
    host: boundedText(hostname()),
    namespace: readLink('/proc/self/ns/pid'),
    ticks: ticksOf(process.pid),
    isWorker,
    heapLimitBytes: heapLimit(),
  };
}

/**
 * Returns true if a process still runs, false if it has ended, and undefined if it cannot be found out here: it may run
 * in another container or on another machine.
 */
export function isRunning(other: FlightProcess, own: FlightProcess): boolean | undefined {
  if (other.host !== own.host && other.boot !== own.boot) return undefined;
  if (other.boot !== own.boot) return false;
  if (other.namespace !== own.namespace) return undefined;
  const { pid, ticks } = other;
  if (pid === own.pid) return ticks === own.ticks && other.startedAt === own.startedAt;
  if (!hasProcess(pid)) return false;
  return ticks === '' ? undefined : ticks === ticksOf(pid);
}

function hasProcess(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Returns the start of a process in the unit of the kernel; empty if it has ended, there is none, or the system has no
 * `/proc`.
 */
function ticksOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  // The name of the program, in parentheses, may contain anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // It has ended, but its parent has not asked for its exit code.
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

/** Returns the size at which V8 ends the process: that of old objects, if it was given; otherwise that of the whole heap. */
function heapLimit(): number {
  const flags = [process.env['NODE_OPTIONS'] ?? '', ...process.execArgv].join(' ');
  const given = Number([...flags.matchAll(OLD_SPACE_FLAG)].at(-1)?.[1] ?? 0);
  const { heap_size_limit: limit } = getHeapStatistics();
  return given > 0 ? Math.min(given * MIB, limit) : limit;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
