import { LIBRARY_METRIC_NAMES } from '../../metrics/library-metric-names.js';

/** Returns true if a metric belongs to this library, and not to the application. */
export function isLibraryMetric(name: string): boolean {
  return LIBRARY_METRIC_NAMES.has(name);
}
