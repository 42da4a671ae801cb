import { gzip } from 'node:zlib';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import type * as PprofFormat from 'pprof-format';
import { findPackage } from '../../primitives/optional-package.js';
import { ProfileError } from './profile.js';
import {
  allocationStacks,
  type AllocationProfile,
  type CallFrame,
  type CpuNode,
  type CpuProfile,
} from './v8-profiles.js';

/** The times of a profile, in milliseconds. */
export interface ProfileTimes {
  /** Start since the Unix epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
}

/** The frames of V8 that are no code. */
const NO_CODE = new Set(['(root)', '(idle)']);
const NANOSECONDS_PER_MS = 1_000_000n;

/** Returns a CPU profile in the format of pprof, compressed. Time in which nothing ran is left out. */
export async function cpuPprof(profile: CpuProfile, times: ProfileTimes): Promise<Buffer> {
  const builder = new PprofBuilder(await pprofFormat(), [
    ['samples', 'count'],
    ['cpu', 'nanoseconds'],
  ]);
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const callers = new Map<number, CpuNode>();
  for (const node of profile.nodes) for (const child of node.children ?? []) callers.set(child, node);
  for (const [id, { count, microseconds }] of selfTimes(profile)) {
    const node = nodes.get(id);
    if (node === undefined || NO_CODE.has(node.callFrame.functionName)) continue;
    const stack: CallFrame[] = [];
    for (let caller = callers.get(id); caller !== undefined; caller = callers.get(caller.id)) {
      stack.push(caller.callFrame);
    }
    const lines = node.positionTicks?.length ? node.positionTicks : [{ line: undefined, ticks: 1 }];
    const ticks = lines.reduce((sum, line) => sum + line.ticks, 0);
    for (const { line, ticks: part } of lines) {
      const share = part / ticks;
      builder.add(
        [{ frame: node.callFrame, line }, ...stack.map((frame) => ({ frame }))],
        [Math.round(count * share), Math.round(microseconds * share * 1000)],
      );
    }
  }
  const samples = profile.samples?.length ?? 0;
  const period = samples > 0 ? Math.round(((profile.endTime - profile.startTime) / samples) * 1000) : 0;
  return builder.encode(['cpu', 'nanoseconds'], period, times);
}

/** Returns an allocation profile in the format of pprof, compressed. */
export async function allocationsPprof(profile: AllocationProfile, times: ProfileTimes): Promise<Buffer> {
  const builder = new PprofBuilder(await pprofFormat(), [['inuse_space', 'bytes']]);
  for (const { node, callers } of allocationStacks(profile)) {
    if (node.selfSize === 0) continue;
    builder.add(
      [node, ...callers].map(({ callFrame }) => ({ frame: callFrame })),
      [Math.round(node.selfSize)],
    );
  }
  return builder.encode(['space', 'bytes'], 0, times);
}

/** Returns how often each function was running, and for how long: each sample until the next one. */
function selfTimes({
  samples = [],
  timeDeltas = [],
}: CpuProfile): Map<number, { count: number; microseconds: number }> {
  const times = new Map<number, { count: number; microseconds: number }>();
  for (const [index, id] of samples.entries()) {
    const time = times.get(id) ?? { count: 0, microseconds: 0 };
    time.count++;
    time.microseconds += Math.max(0, timeDeltas[index + 1] ?? 0);
    times.set(id, time);
  }
  return times;
}

async function pprofFormat(): Promise<typeof PprofFormat> {
  const found = await findPackage<typeof PprofFormat>('pprof-format');
  if (found === undefined) throw new ProfileError('failed', 'The package pprof-format is not installed.');
  return found;
}

/** A place in the code: a function, and the line in it that ran. */
interface Place {
  readonly frame: CallFrame;
  /** @default the first line of the function */
  readonly line?: number | undefined;
}

/** Builds a profile of pprof. */
class PprofBuilder {
  private readonly strings: PprofFormat.StringTable;
  private readonly functions = new Map<string, PprofFormat.Function>();
  private readonly locations = new Map<string, PprofFormat.Location>();
  private readonly samples: PprofFormat.Sample[] = [];

  constructor(
    private readonly format: typeof PprofFormat,
    private readonly types: readonly (readonly [type: string, unit: string])[],
  ) {
    this.strings = new format.StringTable();
  }

  /** @param places the innermost first */
  add(places: readonly Place[], value: number[]): void {
    const locationId = places
      .filter(({ frame }) => !NO_CODE.has(frame.functionName))
      .map((place) => this.locationOf(place));
    this.samples.push(new this.format.Sample({ locationId, value }));
  }

  encode(
    period: readonly [type: string, unit: string],
    periodValue: number,
    { startedAt, durationMs }: ProfileTimes,
  ): Promise<Buffer> {
    const { Profile } = this.format;
    const profile = new Profile({
      sampleType: this.types.map((type) => this.valueType(type)),
      sample: this.samples,
      location: [...this.locations.values()],
      function: [...this.functions.values()],
      stringTable: this.strings,
      timeNanos: BigInt(Math.round(startedAt)) * NANOSECONDS_PER_MS,
      durationNanos: BigInt(Math.round(durationMs)) * NANOSECONDS_PER_MS,
      periodType: this.valueType(period),
      period: periodValue,
    });
    return promisify(gzip)(profile.encode());
  }

  private valueType([type, unit]: readonly [type: string, unit: string]): PprofFormat.ValueType {
    return new this.format.ValueType({ type: this.strings.dedup(type), unit: this.strings.dedup(unit) });
  }

  private locationOf({ frame, line = frame.lineNumber + 1 }: Place): number {
    const functionId = this.functionOf(frame);
    const key = `${functionId}:${line}`;
    let location = this.locations.get(key);
    if (location === undefined) {
      const { Line, Location } = this.format;
      const id = this.locations.size + 1;
      location = new Location({ id, line: [new Line({ functionId, line: Math.max(0, line) })] });
      this.locations.set(key, location);
    }
    return Number(location.id);
  }

  private functionOf({ functionName, url, lineNumber, columnNumber }: CallFrame): number {
    const key = `${functionName}:${url}:${lineNumber}:${columnNumber}`;
    let found = this.functions.get(key);
    if (found === undefined) {
      const name = this.strings.dedup(functionName || '(anonymous)');
      found = new this.format.Function({
        id: this.functions.size + 1,
        name,
        systemName: name,
        filename: this.strings.dedup(pathOf(url)),
        startLine: Math.max(0, lineNumber + 1),
      });
      this.functions.set(key, found);
    }
    return Number(found.id);
  }
}

function pathOf(url: string): string {
  try {
    return url.startsWith('file:') ? fileURLToPath(url) : url;
  } catch {
    return url;
  }
}
