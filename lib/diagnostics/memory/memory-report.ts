/**
 * The state of the memory: `off` if it is not observed, `starting` during the warm-up, `steady`, `growing` if what garbage
 * collection leaves behind has grown, and `suspected` if it grows so long and so evenly that a leak is suspected.
 */
export type MemoryStatus = 'off' | 'starting' | 'steady' | 'growing' | 'suspected';

/** The growth of the memory that is in use after garbage collection. */
export interface MemoryReport {
  readonly status: MemoryStatus;
  /** The state in a sentence. */
  readonly cause: string;
  /** Memory that grows: `heap`, or `external` for buffers outside of the heap. Absent if it is steady. */
  readonly kind?: 'heap' | 'external';
  /** Growth of that memory, in bytes per hour. It is 0 if the memory is steady. */
  readonly bytesPerHour: number;
  /** Bytes by which it has grown. */
  readonly grownBytes: number;
  /** Start of the growth, in milliseconds since the epoch. Absent if the memory is steady. */
  readonly since?: number;
  /** Heap in use after the last major garbage collection, in bytes. Absent before the first one after the warm-up. */
  readonly heapBytes?: number;
  /** Memory outside of the heap after the last major garbage collection, in bytes. */
  readonly externalBytes?: number;
  /** Functions that allocated the memory that grows, the most bytes first. Empty without `allocationSites`. */
  readonly sites: readonly GrowingSite[];
  /** State of the naming of these functions: `off`, `on`, or `unavailable` without an inspector. */
  readonly allocationSites: 'off' | 'on' | 'unavailable';
  /** Number of resources by kind that have grown, the most first. */
  readonly counts: readonly GrowingCount[];
  /** Emitters of events that have more listeners than their limit, the last one first. */
  readonly listeners: readonly ListenerGrowth[];
  /** The lowest values of the last windows, the oldest first. Windows without a major garbage collection are left out. */
  readonly windows: readonly MemoryWindow[];
}

/** A function that allocated memory that is still in use, estimated from samples. */
export interface GrowingSite {
  /** Function and its place in the source, such as `addToCache (src/orders.service.ts:42:17)`. */
  readonly site: string;
  /** Functions of the application that called it, the innermost first; four at most. */
  readonly callers: readonly string[];
  /** Bytes by which its memory has grown. */
  readonly grownBytes: number;
  /** Bytes of its memory that are in use. */
  readonly liveBytes: number;
  /** Share of all growth of the heap that is attributed to a function, from 0 to 1. */
  readonly share: number;
}

/** A number of resources that has grown. */
export interface GrowingCount {
  /** Kind of the resource, such as `Timeout`, `TCPSocketWrap`, `native contexts` or `detached contexts`. */
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}

/** An emitter of events with more listeners than its limit. */
export interface ListenerGrowth {
  /** Class of the emitter, such as `Socket`. */
  readonly emitter: string;
  readonly event: string;
  /** Number of listeners, when it was last seen. */
  readonly count: number;
  /** Place that added the listener above the limit. */
  readonly site?: string;
}

/** The memory in use after garbage collection in one window. */
export interface MemoryWindow {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
}
