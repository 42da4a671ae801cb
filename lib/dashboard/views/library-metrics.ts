import { LIBRARY_METRIC_NAMES } from '../../metrics/library-metric-names.js';

/**
 * Returns true if this library has named a metric. A metric that the application has named is a business metric, also
 * if a decorator of this library records it.
 */
export function isLibraryMetric(name: string): boolean {
  return LIBRARY_METRIC_NAMES.has(name);
}
