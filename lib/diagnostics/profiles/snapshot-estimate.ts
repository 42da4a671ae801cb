import { getHeapSpaceStatistics } from 'node:v8';
import type { SnapshotEstimate } from './profile.js';

/** Memory of the machine or, within the limit of a container, of the container, in bytes. */
export interface MemoryRoom {
  readonly total: number;
  readonly used: number;
}

/**
 * Memory that V8 needs for a snapshot, for each byte of the heap. It describes every object and every reference, and most
 * objects are small: measured were 3 to 18 bytes.
 */
const BYTES_PER_BYTE = 20;
/** The same for large objects, which are single objects. */
const BYTES_PER_LARGE_BYTE = 2.5;
/** Upper limit for the size of the file, for each byte of the heap; measured were 0.2 to 2.2 bytes. */
const FILE_BYTES_PER_BYTE = 2.5;
/** Time that a snapshot takes for each byte of small objects, in milliseconds. */
const PAUSE_MS_PER_BYTE = 100 / 1e6;
/** Memory that the rest of the application needs meanwhile, in bytes. */
const RESERVE_BYTES = 32 * 1024 * 1024;

/** The use of the heap, in bytes. */
export interface HeapUse {
  readonly small: number;
  readonly large: number;
}

/** Returns the use of the heap of this thread. */
export function heapUse(): HeapUse {
  let [small, large] = [0, 0];
  for (const { space_name: name, space_used_size: used } of getHeapSpaceStatistics()) {
    if (name.includes('large_object')) large += used;
    else if (!name.startsWith('read_only')) small += used;
  }
  return { small, large };
}

/** Estimates what a heap snapshot would need. */
export function estimateSnapshot(
  { small, large }: HeapUse,
  room: MemoryRoom | undefined,
): SnapshotEstimate & { readonly fileBytes: number } {
  const requiredBytes = Math.round(small * BYTES_PER_BYTE + large * BYTES_PER_LARGE_BYTE + RESERVE_BYTES);
  const availableBytes = room === undefined ? null : Math.max(0, room.total - room.used);
  return {
    // Without a known amount of memory, nobody can promise that it is enough.
    isPossible: availableBytes !== null && requiredBytes <= availableBytes,
    expectedPauseMs: Math.round(200 + small * PAUSE_MS_PER_BYTE),
    requiredBytes,
    availableBytes,
    fileBytes: Math.round((small + large) * FILE_BYTES_PER_BYTE),
  };
}
