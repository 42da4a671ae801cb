import { type MetricType, unitOf } from '../../metrics/naming.js';
import type { Unit } from './panel.js';

/** In what the numbers of a metric are, read from the end of its name. */
export function unitOfMetric(name: string, type: MetricType): Unit {
  if (/_(timestamp|start_time)_seconds$/.test(name)) return 'timestamp';
  if (name.endsWith('_bytes_per_second')) return 'bytes per second';
  if (name.endsWith('_percent')) return 'percent';
  const unit = unitOf(name, type);
  return unit === 'seconds' || unit === 'bytes' || unit === 'ratio' ? unit : 'number';
}
