import type { HeapProfiler } from 'node:inspector';
import type { CallSite, CallSites } from '../../instrumentation/requests/call-sites.js';
import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import type { GrowingSite } from './memory-report.js';

/** Upper limit for readings that are kept, and for the functions of each. */
const MAX_READINGS = 12;
const MAX_SITES = 200;
/** Number of functions that are shown. */
const MAX_SHOWN = 10;
/** Number of functions of the application in a stack that are distinguished. */
const MAX_CALLERS = 5;
/** Share of all growth from which on a function is shown. */
const MIN_SHARE = 0.03;

/** The live memory that a function allocated. */
interface SiteMemory {
  /** Place of a function of the application and of its callers in it, the innermost first; none for other code. */
  readonly callers: readonly CallSite[];
  /** Name of other code, such as `lodash: baseClone`. */
  readonly name: string;
  bytes: number;
}

interface Reading {
  /** Monotonic time, in milliseconds. */
  readonly at: number;
  readonly generation: number;
  readonly memory: ReadonlyMap<string, SiteMemory>;
}

/** The live memory by the function that allocated it, at several times. */
export class AllocationSites {
  private readings: Reading[] = [];

  constructor(private readonly sites: CallSites) {}

  /** Notes that a sampling has begun: it knows none of the memory that has been allocated before. */
  begin(at: number, generation: number): void {
    this.readings = [{ at, generation, memory: new Map() }];
  }

  add(at: number, generation: number, profile: HeapProfiler.SamplingHeapProfile): void {
    if (this.readings[0]?.generation !== generation) this.begin(at, generation);
    this.readings.push({ at, generation, memory: memoryBySite(profile, this.sites) });
    if (this.readings.length > MAX_READINGS) this.readings.shift();
  }

  /** Returns the functions whose memory has grown since the last reading before a time, the most bytes first. */
  growingSince(since: number): GrowingSite[] {
    const last = this.readings.at(-1);
    const first = this.readings.findLast(({ at }) => at <= since) ?? this.readings[0];
    if (last === undefined || first === undefined) return [];
    const grown = [...last.memory].map(([key, memory]) => ({
      ...memory,
      grownBytes: memory.bytes - (first.memory.get(key)?.bytes ?? 0),
    }));
    const total = grown.reduce((sum, { grownBytes }) => sum + Math.max(0, grownBytes), 0);
    return grown
      .filter(({ grownBytes }) => grownBytes > 0 && grownBytes >= total * MIN_SHARE)
      .toSorted((a, b) => b.grownBytes - a.grownBytes)
      .slice(0, MAX_SHOWN)
      .map(({ callers: [site, ...callers], name, bytes, grownBytes }) => ({
        // Their text is that of the source once that has been read.
        site: site?.text ?? name,
        callers: callers.map(({ text }) => text),
        grownBytes: Math.round(grownBytes),
        liveBytes: Math.round(bytes),
        share: Math.round((grownBytes / total) * 100) / 100,
      }));
  }
}

function memoryBySite({ head }: HeapProfiler.SamplingHeapProfile, sites: CallSites): Map<string, SiteMemory> {
  const memory = new Map<string, SiteMemory>();
  const open = [{ node: head, stack: [] as readonly string[] }];
  // Not recursive, since stacks may be deep.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node } = next;
    const stack = [frameOf(node), ...next.stack];
    for (const child of node.children) open.push({ node: child, stack });
    if (node.selfSize > 0) addTo(memory, stack, node.selfSize, sites);
  }
  const largest = [...memory].toSorted(([, a], [, b]) => b.bytes - a.bytes);
  return new Map(largest.slice(0, MAX_SITES));
}

function addTo(
  memory: Map<string, SiteMemory>,
  stack: readonly string[],
  bytes: number,
  sites: CallSites,
): void {
  const callers = sites.ofStack(stack.join('\n'), MAX_CALLERS);
  const name = callers.length === 0 ? nameOf(stack) : '';
  const key = name + callers.map((caller) => caller.key).join('\n');
  const known = memory.get(key);
  if (known === undefined) memory.set(key, { callers, name, bytes });
  else known.bytes += bytes;
}

/** Returns a frame as in a stack trace. Its place is the start of the function. */
function frameOf({ callFrame }: HeapProfiler.SamplingHeapProfileNode): string {
  const { functionName, url, lineNumber, columnNumber } = callFrame;
  const place = `${url}:${lineNumber + 1}:${columnNumber + 1}`;
  return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`;
}

/** Function of a frame. */
const FUNCTION = /^ {4}at (.{1,200}) \(/;
/** Module of Node that a frame is in. */
const NODE_MODULE = /^ {4}at (?:.{1,200} \()?(node:[^:)]{1,100})/;
const PACKAGES = '/node_modules/';
const UNKNOWN = '(other)';

/** Returns the name of code that is not of the application: of the innermost package, or else of Node. */
function nameOf(stack: readonly string[]): string {
  for (const ownerOf of [packageOf, nodeModuleOf]) {
    for (const frame of stack) {
      const owner = ownerOf(frame);
      if (owner === undefined) continue;
      return boundedLabelValue(`${owner}: ${FUNCTION.exec(frame)?.[1] ?? 'anonymous'}`);
    }
  }
  return UNKNOWN;
}

function packageOf(frame: string): string | undefined {
  const path = frame.replaceAll('\\', '/');
  const at = path.lastIndexOf(PACKAGES);
  if (at < 0) return undefined;
  const [name = '', nameInScope = ''] = path.slice(at + PACKAGES.length).split('/', 2);
  return name.startsWith('@') ? `${name}/${nameInScope}` : name;
}

function nodeModuleOf(frame: string): string | undefined {
  return NODE_MODULE.exec(frame)?.[1];
}
