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
  /** When the sample before was taken, or would have been. */
  readonly since: number;
  /** Called for each series that there is no memory for. */
  readonly onDrop: () => void;
  /** Called for each exponential histogram that there is no memory for. */
  readonly onFineDrop: () => void;
}

/** Writes every series of a metric into the sample of its history that was begun last. */
export function writeSample(history: FamilyHistory, family: MetricFamily, context: SampleContext): void {
  const { numbers, stride, identities } = family;
  const { defaultLabels, since } = context;
  // Only then are the exponential histograms there, which the columns do not hold.
  const fine = history.percentiles && family.type === 'histogram' ? [...family.series] : [];
  let index = 0;
  for (const row of liveRows(family)) {
    const at = row * stride;
    const key = identities.lineStartOf(row);
    const labels = () => ({ ...defaultLabels, ...identities.labelsOf(row) });
    const met = history.meet(key, labels, numbers[at + CREATED], since);
    const exponential = fine[index++]?.exponential;
    if (met === undefined) {
      context.onDrop();
      continue;
    }
    const { series, isNewborn } = met;
    if (family.type !== 'histogram') {
      history.write(series, 0, numbers[at + VALUE]);
      continue;
    }
    let count = 0;
    for (let bucket = 0; bucket <= family.upperBounds.length; bucket++) {
      history.write(series, bucket, (count += numbers[at + FIRST_BUCKET + bucket]));
    }
    history.write(series, family.upperBounds.length + 1, numbers[at + SUM]);
    if (numbers[at + MIN] < series.least || Number.isNaN(series.least)) series.least = numbers[at + MIN];
    if (numbers[at + MAX] > series.most || Number.isNaN(series.most)) series.most = numbers[at + MAX];
    if (exponential && !history.writeFine(series, exponential, isNewborn)) context.onFineDrop();
  }
}
