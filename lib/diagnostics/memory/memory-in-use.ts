import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';

/** The memory of the process that garbage collection has left behind. */
export interface MemoryInUse {
  readonly heapBytes: number;
  /** Memory outside of the heap that objects hold, such as buffers, in bytes. */
  readonly externalBytes: number;
  /** All of the heap in use, in bytes, with what has seen no garbage collection. */
  readonly usedBytes: number;
}

/** Spaces whose use says nothing of a leak: new objects have seen no garbage collection, and code is compiled by V8. */
const IGNORED_SPACES: ReadonlySet<string> = new Set([
  'new_space',
  'new_large_object_space',
  'code_space',
  'code_large_object_space',
]);

export function memoryInUse(): MemoryInUse {
  let heapBytes = 0;
  for (const { space_name: name, space_used_size: used } of getHeapSpaceStatistics()) {
    if (!IGNORED_SPACES.has(name)) heapBytes += used;
  }
  const { external_memory: externalBytes, used_heap_size: usedBytes } = getHeapStatistics();
  return { heapBytes, externalBytes, usedBytes };
}

/** Returns the number of resources of the process by kind. */
export function resourcesInUse(): Map<string, number> {
  const { number_of_native_contexts: native, number_of_detached_contexts: detached } = getHeapStatistics();
  const counts = new Map([
    ['native contexts', native],
    ['detached contexts', detached],
  ]);
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}
