import type { CallSite } from '../../instrumentation/requests/call-sites.js';
import type { FindSite } from './find-site.js';
import { FIRST_INTERVAL_MS, type StackSample } from './loop-sampler.js';
import type { SampledBlock } from './loop-watch.js';

/** The cause of a block of the event loop. */
export interface BlockCause {
  /** Function of the application, such as `ReportsService.total`, or a reason in parentheses, such as `(garbage collection)`. */
  readonly culprit: string;
  /** Place of that function in the source, once its source map has been read. */
  readonly site: CallSite | undefined;
  /** Operation that it called, such as `JSON.parse`; undefined if its own code ran. */
  readonly operation: string | undefined;
  /** Share of the block that it took, from 0 to 1. */
  readonly share: number;
  /** True if native code ran that cannot be interrupted; it was called by the culprit or before it. */
  readonly isAfterNative: boolean;
}

/** The culprit of a block in which the process was stopped or had no processor. */
export const NOT_SCHEDULED = '(not scheduled)';
/** The culprit of a block by native code that cannot be interrupted, such as `JSON.parse`, if its caller is unknown. */
export const NATIVE_CODE = '(native code)';
/** The culprit of a block by a garbage collection that no function is known to have caused. */
export const GARBAGE_COLLECTION = '(garbage collection)';

/** The beginning of a culprit without a name, before its file and line. */
export const ANONYMOUS = 'anonymous';

/** The cause of a block that was over before anything was known. */
export const UNKNOWN: BlockCause = {
  culprit: '(unknown)',
  site: undefined,
  operation: undefined,
  share: 0,
  isAfterNative: false,
};

/** The share of a block from which on garbage collection, or a process that did not run, is its cause. */
export const MAJORITY = 0.5;
/** Number of frames from a function without a name on, among which one with a name is searched. */
const MAX_CALLERS = 20;
/** Time that the main thread may have had no processor although the sampling thread has had one, in milliseconds. */
const MAX_UNEQUAL_MS = 100;
/** Receivers of calls that say nothing of the function. */
const RECEIVER = /^(?:Object|Function|Module|Timeout|Immediate|process)\./;
/** A function without a name. */
const NAMELESS = /^$|^eval$|<anonymous>$/;
/** A function of the engine, such as `Array.map (<anonymous>)`, except for those that take long without a callback. */
const CALLING_BUILT_IN = /^ {4}at (?!(?:JSON|RegExp\w*|String)\.).{1,200} \(<anonymous>\)$/;
/** Operations that are known by another name. */
const OPERATIONS: Readonly<Record<string, string>> = { 'RegExpStringIterator.next': 'String.matchAll' };
/** A frame with its name and, if it was called by another name, that one. */
const FRAME = /^ {4}at (?:async |new )?([^([]{1,200}?)(?: \[as ([^\]]{1,200})\])? \(/;
const PACKAGES = 'node_modules';

/** Returns the cause of a block: the function that most of its stack traces have in common. */
export function causeOfBlock(block: SampledBlock, siteOf: FindSite): BlockCause {
  const { durationMs, starvedMs, gcMs } = block;
  if (starvedMs >= durationMs * MAJORITY) return { ...UNKNOWN, culprit: NOT_SCHEDULED };
  const isCollection = gcMs >= durationMs * MAJORITY;
  const functions = functionsOf(block, siteOf);
  const [top] = functions.toSorted((a, b) => b.ms - a.ms);
  if (top === undefined) return { ...UNKNOWN, culprit: isCollection ? GARBAGE_COLLECTION : UNKNOWN.culprit };
  const { ms, nativeMs, otherMs, ...rest } = top;
  const cause = { ...rest, isAfterNative: nativeMs > otherMs };
  const share = ms / functions.reduce((sum, each) => sum + each.ms, 0);
  if (!isCollection) return { ...cause, share };
  const collection = GARBAGE_COLLECTION.slice(1, -1);
  return cause.site === undefined
    ? { ...cause, culprit: GARBAGE_COLLECTION, operation: undefined, share }
    : { ...cause, operation: collection, share };
}

/** A function in stack traces, and how long it and what it called ran during a block. */
interface BlockingFunction extends Pick<BlockCause, 'culprit' | 'site' | 'operation'> {
  ms: number;
  /** Time of native code, and time of stack traces that do not follow native code, in milliseconds. */
  nativeMs: number;
  otherMs: number;
}

/** Returns the functions, each with the operation that took the longest of it. */
function functionsOf({ samples, idleMs, starvedMs }: SampledBlock, siteOf: FindSite): BlockingFunction[] {
  const operations = new Map<string, BlockingFunction>();
  // Native code that waits, such as for a lock, is idle as well; then the sampling thread has had a processor.
  const withoutProcessorMs = Math.min(idleMs, starvedMs + MAX_UNEQUAL_MS);
  // The longest sample has the line that is shown.
  for (const sample of samples.toSorted((a, b) => b.ms - a.ms)) {
    const { stack, ms, silentMs } = sample;
    const isAfterNative = followsNativeCode(sample, withoutProcessorMs);
    const blocking = {
      ...culpritOf(stack.split('\n'), isAfterNative, siteOf),
      ms,
      nativeMs: isAfterNative ? silentMs : 0,
      otherMs: isAfterNative ? 0 : ms,
    };
    addTo(operations, `${blocking.culprit}\n${blocking.operation ?? ''}`, blocking);
  }
  const functions = new Map<string, BlockingFunction>();
  for (const operation of [...operations.values()].toSorted((a, b) => b.ms - a.ms)) {
    addTo(functions, operation.culprit, operation);
  }
  return [...functions.values()];
}

/** Returns true if the main thread ran while it did not answer, rather than had no processor. */
function followsNativeCode({ isLate, silentMs }: StackSample, withoutProcessorMs: number): boolean {
  return isLate && silentMs > withoutProcessorMs + FIRST_INTERVAL_MS;
}

function addTo(functions: Map<string, BlockingFunction>, key: string, added: BlockingFunction): void {
  const known = functions.get(key);
  if (known === undefined) {
    functions.set(key, added);
    return;
  }
  known.ms += added.ms;
  known.nativeMs += added.nativeMs;
  known.otherMs += added.otherMs;
}

/** Returns the innermost function of the application, or else of a package; native code if there is neither. */
function culpritOf(
  frames: readonly string[],
  isAfterNative: boolean,
  siteOf: FindSite,
): Pick<BlockCause, 'culprit' | 'site' | 'operation'> {
  const own = frames.findIndex((frame) => siteOf(frame) !== undefined);
  if (own < 0) {
    // After native code, a function of a package may have begun only then.
    const culprit = isAfterNative ? NATIVE_CODE : (packageFunction(frames) ?? NATIVE_CODE);
    return { culprit, site: undefined, operation: undefined };
  }
  const site = siteOf(frames[own] ?? '');
  // A callback without a name is named by the function that it is written in.
  const named = frames
    .slice(own, own + MAX_CALLERS)
    .map(siteOf)
    .find((caller) => caller !== undefined && !isNameless(caller.name));
  const called = frames[own - 1];
  // After native code, a function of the engine may have begun only then.
  const isKnown = called !== undefined && !(isAfterNative && CALLING_BUILT_IN.test(called));
  return {
    culprit: named === undefined ? anonymousIn(site) : named.name.replace(RECEIVER, ''),
    site,
    operation: isKnown ? nameOf(called) : undefined,
  };
}

/** Returns true for the name of a function without one. */
export function isNameless(name: string): boolean {
  return NAMELESS.test(name);
}

function packageFunction(frames: readonly string[]): string | undefined {
  for (const frame of frames) {
    const at = frame.lastIndexOf(PACKAGES);
    if (at < 0) continue;
    const [first = '', second] = frame.slice(at + PACKAGES.length + 1).split(/[\\/]/, 2);
    const name = first.startsWith('@') ? `${first}/${second}` : first;
    return `${name}: ${nameOf(frame) ?? 'anonymous'}`;
  }
  return undefined;
}

/** Returns the name of code without a function's name: its file and line. */
function anonymousIn(site: CallSite | undefined): string {
  return site === undefined
    ? UNKNOWN.culprit
    : `${ANONYMOUS} (${site.text.slice(0, site.text.lastIndexOf(':'))})`;
}

/** Returns the name of the function of a frame, such as `JSON.parse`; undefined if it has none. */
function nameOf(frame: string): string | undefined {
  const [, name = '', alias] = FRAME.exec(frame) ?? [];
  if (isNameless(name)) return undefined;
  const called = alias ?? name.replace(RECEIVER, '');
  return OPERATIONS[called] ?? called;
}

/** Returns a frame with a path that is relative to a directory, without `at`. */
export function shortFrame(frame: string, root: string): string {
  return frame.trim().replace(/^at /, '').replace(`file://${root}/`, '').replace(`${root}/`, '');
}
