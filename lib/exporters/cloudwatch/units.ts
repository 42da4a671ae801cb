import { isTotal, type MetricType } from '../../metrics/naming-rules.js';

/** A unit of CloudWatch that a metric name can imply. */
export type StandardUnit =
  | 'Seconds'
  | 'Milliseconds'
  | 'Microseconds'
  | 'Bytes'
  | 'Bytes/Second'
  | 'Percent'
  | 'Count'
  | 'Count/Second'
  | 'None';

/** Units by the end of the metric name; the first match wins. */
const UNITS: readonly (readonly [ending: string, unit: StandardUnit])[] = [
  ['_bytes_per_second', 'Bytes/Second'],
  ['_per_second', 'Count/Second'],
  ['_milliseconds', 'Milliseconds'],
  ['_microseconds', 'Microseconds'],
  ['_seconds', 'Seconds'],
  ['_bytes', 'Bytes'],
  ['_percent', 'Percent'],
];

/** Returns the unit implied by the name of a metric; `Count` for a counter without one. */
export function standardUnitOf(name: string, type: MetricType): StandardUnit {
  const stem = isTotal(name, type) ? name.slice(0, -'_total'.length) : name;
  const unit = UNITS.find(([ending]) => stem.endsWith(ending))?.[1];
  return unit ?? (type === 'counter' ? 'Count' : 'None');
}
