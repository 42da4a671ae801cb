import type { WaitPart } from '../../integrations/operation-waits.js';
import type { RecordCause, RecordedBlocker, RecordedCall, RequestRecord } from './request-record.js';

/** Share of the duration from which on a part is the cause. */
const CAUSE_SHARE = 0.3;

/** Share of a block from which on the process had to use the CPU for its code to have run. */
const RUN_SHARE = 0.5;

/** The parts whose calls are named one by one, as what they wait for. */
const AWAITED: Readonly<Record<Exclude<WaitPart, 'pool'>, string>> = {
  database: 'a database',
  cache: 'a cache',
  remote: 'another service',
};

type Explained = Omit<RequestRecord, 'cause'>;

/** Returns the cause of the duration of an operation, or of its failure. */
export function causeOf(record: Explained): RecordCause {
  return (record.hasFailed ? causeOfFailure(record) : undefined) ?? causeOfDuration(record);
}

/** A call that failed is the cause rather than the exception that it led to. */
function causeOfFailure({
  calls,
  exception,
  status,
  durationMs,
  isSampled,
}: Explained): RecordCause | undefined {
  const thrown = exception && `${exception.error}${at(exception.site)}`;
  const failed = calls.find(({ errors }) => errors > 0);
  if (failed !== undefined) {
    const times = failed.errors > 1 ? `${failed.errors} times ` : '';
    return {
      kind: 'failed_call',
      text: `${nameOf(failed)} failed ${times}after ${milliseconds(failed.maxMs)}${at(failed.site)}${thrown === undefined ? '' : `; then ${thrown}`}.`,
    };
  }
  if (thrown !== undefined) return { kind: 'exception', text: `${thrown}.` };
  if (isSampled || status === undefined) return undefined;
  return {
    kind: 'unknown',
    text: `Status ${status} without an exception, after ${milliseconds(durationMs)}.`,
  };
}

function causeOfDuration(record: Explained): RecordCause {
  const { calls, parts, durationMs, longestRunMs, longestRunCpuMs, blockedBy, handler, name, isSampled } =
    record;
  if (!isSampled) return { kind: 'unknown', text: 'Only the end of the operation was recorded.' };
  const isMost = (ms = 0): boolean => ms > 0 && ms >= durationMs * CAUSE_SHARE;
  const share = (ms = 0): string =>
    `${durationMs > 0 ? Math.round((100 * ms) / durationMs) : 0} % of ${milliseconds(durationMs)}`;
  // Calls that overlap count once, as in the parts.
  const timeOf = ({ part, totalMs }: RecordedCall): number => Math.min(totalMs, parts[part] ?? 0);

  const repeated = calls.find((call) => call.isRepeated && isMost(timeOf(call)));
  if (repeated !== undefined) return repeatedCalls(repeated, share(timeOf(repeated)));
  if (isMost(longestRunMs)) {
    return {
      kind: 'blocked_event_loop',
      text: hasRun(longestRunMs, longestRunCpuMs)
        ? `${handler ?? name} ran for ${milliseconds(longestRunMs)} without awaiting anything, which blocked the event loop.`
        : `The event loop was blocked for ${milliseconds(longestRunMs)} during ${handler ?? name}, ${withoutCpu(longestRunCpuMs)}.`,
    };
  }
  if (isMost(parts.event_loop)) {
    return {
      kind: 'waiting_for_event_loop',
      text:
        blockedBy === undefined
          ? `The event loop was blocked by something else for ${share(parts.event_loop)}.`
          : `The event loop was blocked for ${share(parts.event_loop)}, ${blockedText(blockedBy)}.`,
    };
  }
  if (isMost(parts.pool)) {
    return { kind: 'pool', text: `It waited for a connection of a pool for ${share(parts.pool)}.` };
  }
  const [slowest] = calls;
  if (slowest !== undefined && isMost(timeOf(slowest))) {
    const times = slowest.count === 1 ? '' : `${slowest.count} times, `;
    return {
      kind: 'slow_call',
      text: `${nameOf(slowest)} took ${times}${share(timeOf(slowest))}${at(slowest.site)}.`,
    };
  }
  const [longest, awaited] = longestPart(parts);
  if (isMost(longest)) {
    return {
      kind: 'other_calls',
      text: `It waited for ${awaited} for ${share(longest)}, in calls of which each is short or had not ended.`,
    };
  }
  const any = calls.find(({ isRepeated }) => isRepeated);
  if (any !== undefined) return repeatedCalls(any, share(timeOf(any)));
  return {
    kind: 'application',
    text: `The application itself took ${share(parts.application)}${handler === undefined ? '' : `, in ${handler}`}.`,
  };
}

/** Returns the time of the longest part that has calls, and what it is; no time if the application itself took longer. */
function longestPart(parts: Explained['parts']): readonly [ms: number, awaited: string] {
  const { application = 0 } = parts;
  let longest: readonly [number, string] = [0, ''];
  for (const [part, awaited] of Object.entries(AWAITED)) {
    const ms = parts[part as WaitPart] ?? 0;
    if (ms > application && ms > longest[0]) longest = [ms, awaited];
  }
  return longest;
}

/** Returns false if the process hardly used the CPU while the event loop was blocked. */
function hasRun(blockedMs: number, cpuMs: number): boolean {
  return cpuMs >= blockedMs * RUN_SHARE;
}

function withoutCpu(cpuMs: number): string {
  return `in which the process used ${milliseconds(cpuMs)} of CPU: it was stopped, had no processor or waited in synchronous code`;
}

function blockedText({ name, milliseconds: blockedMs, cpuMs }: RecordedBlocker): string {
  const blocked = `${milliseconds(blockedMs)} of it`;
  return hasRun(blockedMs, cpuMs)
    ? `${blocked} by ${name}`
    : `${blocked} during ${name}, ${withoutCpu(cpuMs)}`;
}

function repeatedCalls(call: RecordedCall, share: string): RecordCause {
  return {
    kind: 'repeated_calls',
    text: `${nameOf(call)} was sent ${call.count} times, ${share}${at(call.site)}: an N+1.`,
  };
}

function nameOf({ part, system, name }: RecordedCall): string {
  return part === 'remote' ? `${name} of ${system}` : `${system}: ${name}`;
}

function at(site: string | undefined): string {
  return site === undefined ? '' : `, at ${site}`;
}

function milliseconds(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
