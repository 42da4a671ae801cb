import { processSummary } from '../process-summary.js';
import { rangeKey } from '../views/time-range.js';
import { type AreaQueries, known, MAX_AGE_MS, type QueryContext } from './query-context.js';

/** Returns the queries about the process: what it does, what blocked it, its memory, its start and its last end. */
export function processQueries({
  sources,
  cache,
  rangeOf,
}: QueryContext): AreaQueries<
  | 'process'
  | 'blocks'
  | 'diagnostics/startup'
  | 'diagnostics/process'
  | 'diagnostics/in-flight'
  | 'diagnostics/last-exit'
  | 'diagnostics/memory'
> {
  const { blocks, startup, process, lastExit, memory, clock } = sources;
  return {
    process: (query) => {
      const range = rangeOf(query);
      const compute = function* () {
        yield;
        return processSummary(sources, range, clock.now());
      };
      return cache.get(JSON.stringify(['process', rangeKey(range)]), compute, MAX_AGE_MS);
    },
    blocks: () => ({ blocks: blocks.find() }),
    'diagnostics/startup': () =>
      known(startup.report() as object | undefined, 'The times of the start are not known.'),
    'diagnostics/process': async () => processInfo(await process.report()),
    'diagnostics/in-flight': async () => processInfo(await process.inFlight()),
    'diagnostics/last-exit': () => ({
      enabled: lastExit.enabled,
      file: lastExit.file ?? null,
      exit: lastExit.get() ?? null,
    }),
    'diagnostics/memory': () => memory.report(),
  };
}

function processInfo(report: unknown): unknown {
  return known(report, '`diagnostics.processInfo` is false.');
}
