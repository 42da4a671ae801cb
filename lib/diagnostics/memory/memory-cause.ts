import type { MemoryReport } from './memory-report.js';

const SUBJECTS = {
  heap: 'The heap in use after garbage collection',
  external: 'The memory outside of the heap, such as buffers,',
} as const;
const MINUTE_MS = 60_000;

/** Returns the state of the memory in a sentence. */
export function causeOf(
  report: Omit<MemoryReport, 'cause'>,
  growth: { readonly fromBytes: number; readonly toBytes: number; readonly slope: number } | undefined,
  forMs: number,
): string {
  const { status, kind, sites, allocationSites } = report;
  if (status === 'off') return 'The growth of the memory is not observed.';
  if (status === 'starting') return 'The application has just started; its memory may still grow.';
  if (growth === undefined || kind === undefined)
    return 'The memory in use after garbage collection is steady.';
  const rate = megabytes(growth.slope * MINUTE_MS);
  const grown = `${SUBJECTS[kind]} has grown by ${rate} a minute for ${timeOf(forMs)}, from ${megabytes(growth.fromBytes)} to ${megabytes(growth.toBytes)}`;
  if (status === 'growing') return `${grown}.`;
  const [top] = sites;
  const hint =
    allocationSites === 'off' ? ' Set diagnostics.memory.allocationSites to name what allocated it.' : '';
  const by =
    top === undefined || kind === 'external'
      ? hint
      : ` Most of it was allocated by ${[top.site, ...top.callers.slice(0, 1)].join(', called by ')}.`;
  return `${grown}; a leak is suspected.${by}`;
}

function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  return `${value >= 100 ? Math.round(value) : value.toFixed(value >= 1 ? 1 : 2)} MB`;
}

function timeOf(milliseconds: number): string {
  const minutes = milliseconds / MINUTE_MS;
  if (minutes < 2) return `${Math.round(milliseconds / 1_000)} s`;
  return minutes < 120 ? `${Math.round(minutes)} min` : `${Math.round(minutes / 60)} h`;
}
