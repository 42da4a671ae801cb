import { isTotal, type MetricType } from '../../metrics/naming.js';

/** The units of CloudWatch that names of metrics can say. */
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

/** By the end of the name; the first that fits. */
const UNITS: readonly (readonly [ending: string, unit: StandardUnit])[] = [
  ['_bytes_per_second', 'Bytes/Second'],
  ['_per_second', 'Count/Second'],
  ['_milliseconds', 'Milliseconds'],
  ['_microseconds', 'Microseconds'],
  ['_seconds', 'Seconds'],
  ['_bytes', 'Bytes'],
  ['_percent', 'Percent'],
];

/** The unit that a metric is in, by its name; a counter without any counts. */
export function standardUnitOf(name: string, type: MetricType): StandardUnit {
  const stem = isTotal(name, type) ? name.slice(0, -'_total'.length) : name;
  const unit = UNITS.find(([ending]) => stem.endsWith(ending))?.[1];
  return unit ?? (type === 'counter' ? 'Count' : 'None');
}
