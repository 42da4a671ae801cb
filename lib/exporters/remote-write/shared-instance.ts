import type { MetricsSource } from '../../metrics/registry.js';
import { processWide } from '../../primitives/process-wide.js';

/**
 * Notes that a source is pushed to a receiver with the default labels of this process.
 *
 * @returns true if another application of this process is pushed there as well and has the same labels, and a function
 * that ends the note
 */
export function shareInstance(
  source: MetricsSource,
  url: string,
  labels: { readonly job: string; readonly instance: string },
): { readonly isShared: boolean; readonly end: () => void } {
  const sources = processWide('remoteWriteSources', () => new Map<string, Set<MetricsSource>>());
  const key = JSON.stringify([url, labels.job, labels.instance]);
  const own = sources.get(key) ?? new Set();
  sources.set(key, own);
  const isShared = [...own].some((other) => other !== source);
  own.add(source);
  return {
    isShared,
    end: () => {
      own.delete(source);
      if (own.size === 0 && sources.get(key) === own) sources.delete(key);
    },
  };
}
