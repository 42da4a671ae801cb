import { type Growth, GrowthScale } from './growth-scale.js';
import type { MemoryInUse } from './memory-in-use.js';
import type { MemoryReport, MemoryWindow } from './memory-report.js';

export type MemoryKind = NonNullable<MemoryReport['kind']>;

/** The growth of one kind of memory. */
export interface MemoryTrendGrowth extends Growth {
  readonly kind: MemoryKind;
}

/** Lengths of the windows in relation to the shortest ones, and the growth that each needs. Slow leaks show in long windows. */
const SCALES = [
  { windows: 1, minimum: 1, minShare: 0.05 },
  { windows: 10, minimum: 1.5, minShare: 0.1 },
  { windows: 120, minimum: 3, minShare: 0.1 },
] as const;
const KINDS: readonly MemoryKind[] = ['heap', 'external'];

/** The memory in use after major garbage collections, in windows of several lengths. */
export class MemoryTrend {
  private readonly scales: Readonly<Record<MemoryKind, readonly GrowthScale[]>>;

  /**
   * @param windowMs length of the shortest windows, in milliseconds
   * @param minGrowthBytes growth in the shortest windows from which on a leak is suspected
   */
  constructor(windowMs: number, minGrowthBytes: number) {
    const scales = () =>
      SCALES.map(
        ({ windows, minimum, minShare }) =>
          new GrowthScale(windows * windowMs, minimum * minGrowthBytes, minShare),
      );
    this.scales = { heap: scales(), external: scales() };
  }

  add(at: number, { heapBytes, externalBytes }: Omit<MemoryInUse, 'usedBytes'>): void {
    for (const scale of this.scales.heap) scale.add(at, heapBytes);
    for (const scale of this.scales.external) scale.add(at, externalBytes);
  }

  /** Notes a minor garbage collection, whose rate follows the load. */
  addMinor(at: number): void {
    for (const kind of KINDS) for (const scale of this.scales[kind]) scale.addMinor(at);
  }

  /** Returns the suspected growth in the shortest windows that show one, or else any growth. */
  growth(now: number): MemoryTrendGrowth | undefined {
    const growths = KINDS.flatMap((kind) =>
      this.scales[kind].flatMap((scale) => {
        const growth = scale.growth(now);
        return growth === undefined ? [] : [{ kind, ...growth }];
      }),
    );
    return growths.find(({ isSuspected }) => isSuspected) ?? growths[0];
  }

  /** Returns the values of the shortest windows on the monotonic clock. */
  windows(now: number): MemoryWindow[] {
    const [heap, external] = KINDS.map((kind) => this.scales[kind][0]?.values(now) ?? []);
    // Both have a value for the same windows.
    return (heap ?? []).map(({ at, value }, index) => ({
      at,
      heapBytes: value,
      externalBytes: external?.[index]?.value ?? 0,
    }));
  }
}
