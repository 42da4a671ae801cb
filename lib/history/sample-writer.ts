import {
  CREATED,
  FIRST_BUCKET,
  liveRows,
  MAX,
  type MetricFamily,
  MIN,
  SUM,
  VALUE,
} from '../metrics/snapshot.js';
import type { FamilyHistory } from './family-history.js';

/** The context of a metric in a snapshot. */
export interface SampleContext {
  readonly defaultLabels: Readonly<Record<string, string>>;
  /** The time of the previous sample, in milliseconds since the Unix epoch; one interval ago before the first one. */
  readonly since: number;
  /** The latest time at which a series of the snapshot may have been created. A later one is of a clock that was set back. */
  readonly until: number;
  /** Called for each series that was dropped for lack of memory. */
  readonly onDrop: () => void;
  /** Called for each exponential histogram that was dropped for lack of memory. */
  readonly onExponentialDrop: () => void;
}

/** Writes every series of a metric into the latest sample of its history. */
export function writeSample(history: FamilyHistory, family: MetricFamily, context: SampleContext): void {
  const { numbers, stride, identities } = family;
  const { defaultLabels, since, until } = context;
  // The columns do not hold the exponential histograms.
  const exponentials = history.percentiles && family.type === 'histogram' ? [...family.series] : [];
  const numberAt = (row: number, column: number): number => numbers[row * stride + column] ?? NaN;
  let index = 0;
  for (const row of liveRows(family)) {
    const key = identities.expositionPrefixOf(row);
    const labels = () => ({ ...defaultLabels, ...identities.labelsOf(row) });
    const sampled = history.addSeries(key, labels, numberAt(row, CREATED), since, until);
    const exponential = exponentials[index++]?.exponential;
    if (sampled === undefined) {
      context.onDrop();
      continue;
    }
    const { series, isNew } = sampled;
    if (family.type !== 'histogram') {
      history.write(series, 0, numberAt(row, VALUE));
      continue;
    }
    let count = 0;
    for (let bucket = 0; bucket <= family.upperBounds.length; bucket++) {
      history.write(series, bucket, (count += numberAt(row, FIRST_BUCKET + bucket)));
    }
    history.write(series, family.upperBounds.length + 1, numberAt(row, SUM));
    const min = numberAt(row, MIN);
    const max = numberAt(row, MAX);
    if (min < series.min || Number.isNaN(series.min)) series.min = min;
    if (max > series.max || Number.isNaN(series.max)) series.max = max;
    if (exponential && !history.writeExponential(series, exponential, isNew)) context.onExponentialDrop();
  }
}
