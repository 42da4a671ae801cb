import { describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { MemoryObserver } from '../../../lib/diagnostics/memory/memory.observer.js';
import type { MemoryReport } from '../../../lib/diagnostics/memory/memory-report.js';
import { resolveMemory } from '../../../lib/diagnostics/memory/memory.options.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';

const MB = 1_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An application, by the minutes since its start. */
interface Shape {
  /** Heap after a garbage collection, in MB. */
  readonly heap?: (minute: number) => number;
  readonly external?: (minute: number) => number;
  /** Minor garbage collections in 10 s. */
  readonly load?: (minute: number) => number;
  /** Interval of major garbage collections, in seconds. */
  readonly every?: number;
  readonly resources?: (minute: number) => Readonly<Record<string, number>>;
}

/** A sequence that looks random, and is the same each time. */
function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31 - 0.5;
  };
}

interface Run {
  readonly reports: readonly MemoryReport[];
  /** What was logged, by the minute. */
  readonly logged: readonly { readonly minute: number; readonly cause: string }[];
  readonly registry: MetricsRegistry;
}

async function observe(shape: Shape, minutes: number): Promise<Run> {
  const { heap = () => 60, external = () => 20, load = () => 3, every = 20, resources = () => ({}) } = shape;
  let now = 0;
  const random = noise(7);
  const registry = new MetricsRegistry();
  const options = resolveMemory({});
  if (options === false) throw new Error('it is on by default');
  const observer = new MemoryObserver(
    registry,
    { now: () => 1_000_000 * MINUTE + now, monotonic: () => now },
    options,
    new CallSites(),
    {
      // What a garbage collection leaves differs by some hundred kilobytes.
      memory: () => ({
        heapBytes: (heap(now / MINUTE) + 0.6 * random()) * MB,
        externalBytes: (external(now / MINUTE) + 0.2 * random()) * MB,
        usedBytes: 0,
      }),
      resources: () => new Map(Object.entries(resources(now / MINUTE))),
    },
  );
  observer.start();
  const [reports, logged]: [MemoryReport[], { minute: number; cause: string }[]] = [[], []];
  for (; now < minutes * MINUTE; now += 10_000) {
    for (let left = load(now / MINUTE); left >= 1; left--) observer.record({ isMajor: false });
    if (now % (every * 1_000) === 0) observer.record({ isMajor: true });
    if (now % 30_000 !== 0) continue;
    const cause = await observer.judge();
    if (cause !== undefined) logged.push({ minute: now / MINUTE, cause });
    reports.push(observer.report());
  }
  return { reports, logged, registry };
}

function valueOf(registry: MetricsRegistry, name: string): number | undefined {
  const family = registry.snapshot().families.find((each) => each.name === name);
  return ([...(family?.series ?? [])][0] as { readonly value?: number } | undefined)?.value;
}

describe('a leak', () => {
  it.each<[string, Shape, number]>([
    ['of 1 MB a minute from the start on', { heap: (minute) => 50 + minute }, 10],
    ['of 1 MB a minute an hour after the start', { heap: (minute) => 50 + Math.max(0, minute - 60) }, 70],
    ['of 1 MB a minute where garbage is collected once a minute', { heap: (m) => 50 + m, every: 60 }, 10],
    ['of 1 MB a minute upon a heap of 110 MB', { heap: (m) => 110 + m }, 10],
    ['of buffers, 1 MB a minute', { external: (m) => 10 + m }, 10],
    ['of buffers outside of the heap', { external: (minute) => 10 + 2 * minute }, 13],
    ['while the load falls', { heap: (m) => 50 + 2 * m, load: (m) => 8 - m / 3 }, 13],
    ['with a sawtooth upon it', { heap: (m) => 50 + 2 * m + 3 * (m % 1) }, 13],
    ['of 6 MB an hour', { heap: (minute) => 50 + minute / 10 }, 8 * 60],
    ['that follows a cache that fills', { heap: (m) => 50 + Math.min(m, 3) * 5 + Math.max(0, m - 8) }, 20],
  ])(
    '%s is suspected',
    async (_, shape, withinMinutes) => {
      const { logged, registry } = await observe(shape, withinMinutes + 1);
      expect(logged).toHaveLength(1);
      expect(logged[0]?.minute).toBeLessThanOrEqual(withinMinutes);
      expect(valueOf(registry, 'nodejs_memory_leak_suspected')).toBe(1);
    },
    60_000,
  );

  it('is told by its rate, its start and its size', async () => {
    const { logged, reports, registry } = await observe({ heap: (minute) => 50 + minute }, 12);
    expect(logged[0]?.cause).toMatch(
      /^The heap in use after garbage collection has grown by (?:0\.9\d|1\.[01]) MB a minute for \d+ min, from 5\d\.\d MB to \d+\.\d MB; a leak is suspected\. Set diagnostics\.memory\.allocationSites to name what allocated it\.$/,
    );
    const last = reports.at(-1);
    expect(last).toMatchObject({ status: 'suspected', kind: 'heap', allocationSites: 'off', sites: [] });
    expect(last?.bytesPerHour).toBeGreaterThan(50 * MB);
    expect(last?.bytesPerHour).toBeLessThan(70 * MB);
    const sinceMinute = ((last?.since ?? 0) - 1_000_000 * MINUTE) / MINUTE;
    expect(sinceMinute).toBeCloseTo(2, 0);
    expect(valueOf(registry, 'nodejs_memory_growth_bytes_per_second')).toBeCloseTo(MB / 60, -4);
  });

  it('is over when the memory no longer grows', async () => {
    const { logged, reports } = await observe({ heap: (m) => 50 + 2 * Math.min(m, 15) }, 40);
    expect(logged).toHaveLength(1);
    expect(reports.at(-1)).toMatchObject({ status: 'steady', bytesPerHour: 0, grownBytes: 0 });
  });
});

describe('memory that is no leak', () => {
  const wave = (minutes: number) => (minute: number) => (1 - Math.cos((2 * Math.PI * minute) / minutes)) / 2;

  it.each<[string, Shape, number?]>([
    ['is steady', {}],
    ['grows at the start', { heap: (minute) => 50 + Math.min(minute, 3) * 10 }],
    ['is a cache that fills up and stops', { heap: (m) => 50 + Math.min(Math.max(0, m - 4), 4) * 6 }],
    ['is a cache that fills up ever more slowly', { heap: (m) => 90 - 30 * Math.exp(-m / 3) }],
    ['is a smaller cache that does', { heap: (m) => 70 - 20 * Math.exp(-m / 3) }],
    ['is code that is compiled ever more rarely', { heap: (m) => 50 + 4 * Math.log(1 + m) }],
    ['is a cache that fills up within five minutes', { heap: (m) => 50 + 1.5 * Math.min(m, 5) }],
    ['is a sawtooth of a minute', { heap: (minute) => 50 + 20 * (minute % 1) }],
    ['is a sawtooth of seven minutes', { heap: (minute) => 50 + 2 * (minute % 7) }],
    ['is loaded all at once', { heap: (minute) => (minute < 30 ? 50 : 120) }],
    ['is a job that runs now and then', { heap: (m) => (m % 15 < 2 ? 150 : 50) }],
    ...[10, 30, 120].map<[string, Shape]>((minutes) => [
      `follows load that rises and falls within ${minutes} minutes`,
      { heap: (m) => 50 + 30 * wave(minutes)(m), load: (m) => 2 + 20 * wave(minutes)(m) },
    ]),
    ['is that of the sample application', { heap: (m) => 55 - 9 * Math.exp(-m / 6) + m / 40, every: 15 }],
    ['is one that allocates more, and keeps nothing', { load: (minute) => 1 + minute / 2 }],
    ['is freed', { heap: (minute) => 200 - minute }],
    [
      'is larger again at a second peak',
      { heap: (m) => 50 + 30 * wave(40)(m), load: (m) => 2 + 20 * wave(40)(m) },
      240,
    ],
  ])(
    '%s',
    async (_, shape, minutes = 150) => {
      const { logged, registry } = await observe(shape, minutes);
      expect(logged).toEqual([]);
      expect(valueOf(registry, 'nodejs_memory_leak_suspected')).toBe(0);
    },
    60_000,
  );
});

describe('the report', () => {
  it('says that the application has just started', async () => {
    const { reports } = await observe({ heap: (minute) => 50 + 30 * minute }, 2);
    expect(reports.at(-1)).toMatchObject({ status: 'starting', windows: [], counts: [] });
  });

  it('has the kinds of resources that grow', async () => {
    const resources = (minute: number) => ({ Timeout: 4 + Math.round(minute * 30), TCPServerWrap: 1 });
    const { reports } = await observe({ resources }, 12);
    expect(reports.at(-1)?.counts).toEqual([
      { kind: 'Timeout', from: expect.any(Number), to: expect.any(Number) },
    ]);
  });

  it('stays small, however long it goes on', async () => {
    const resources = (minute: number) => ({ [`Kind${Math.round(minute * 2)}`]: 100 });
    const { reports } = await observe({ heap: (m) => 50 + m / 3, resources }, 26 * (HOUR / MINUTE));
    expect(reports.at(-1)?.windows.length).toBeLessThanOrEqual(20);
    expect(JSON.stringify(reports.at(-1)).length).toBeLessThan(10_000);
  }, 120_000);
});
