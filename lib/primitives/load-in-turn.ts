import { processWide } from './process-wide.js';

/**
 * Loads code that is loaded late, one part after the other: Jest cannot link two graphs of ES modules at once that have a
 * module in common.
 *
 * @param load calls `import()` and nothing that waits for another call of this function
 */
export function loadInTurn<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  const queue = processWide('loading', () => ({ last: Promise.resolve() }));
  const loaded = queue.last.then(load);
  queue.last = loaded.then(settled, settled);
  return loaded;
}

function settled(): void {
  // The next one is loaded in either case.
}
