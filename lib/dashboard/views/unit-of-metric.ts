import { type MetricType, unitOf } from '../../metrics/naming-rules.js';
import type { Unit } from './panel.js';

/** Returns the unit of a metric, from the suffix of its name. */
export function unitOfMetric(name: string, type: MetricType): Unit {
  if (/_(timestamp|start_time)_seconds$/.test(name)) return 'timestamp';
  if (name.endsWith('_bytes_per_second')) return 'bytes per second';
  if (name.endsWith('_percent')) return 'percent';
  const unit = unitOf(name, type);
  return unit === 'seconds' || unit === 'bytes' || unit === 'ratio' ? unit : 'number';
}

/** Returns the unit of the per-second rate of a counter. */
export function unitOfRate(unit: Unit): Unit {
  return unit === 'bytes' ? 'bytes per second' : 'per second';
}
