import { CREATED, FIRST_BUCKET, liveRows, type MetricFamily, SUM, VALUE } from '../metrics/snapshot.js';
import type { FamilyHistory } from './family-history.js';

/** Surroundings of a metric in a snapshot. */
export interface SampleContext {
  readonly defaultLabels: Readonly<Record<string, string>>;
  /** When the sample before was taken, if there was one. */
  readonly previousAt: number | undefined;
  /** Called for each series that there is no memory for. */
  readonly onDrop: () => void;
  /** Called for each exponential histogram that there is no memory for. */
  readonly onFineDrop: () => void;
}

/** Writes every series that a metric has into the sample of its history that was begun last. */
export function writeSample(history: FamilyHistory, family: MetricFamily, context: SampleContext): void {
  const { numbers, stride, identities } = family;
  const { defaultLabels, previousAt = Infinity } = context;
  // Only then are the exponential histograms there, which the columns do not hold.
  const fine = history.percentiles && family.type === 'histogram' ? [...family.series] : [];
  let index = 0;
  for (const row of liveRows(family)) {
    const at = row * stride;
    const createdAt = numbers[at + CREATED];
    const key = identities.lineStartOf(row);
    const isNew = !history.series.has(key);
    const series = history.find(key, () => ({ ...defaultLabels, ...identities.labelsOf(row) }), createdAt);
    const exponential = fine[index++]?.exponential;
    if (series === undefined) {
      context.onDrop();
      continue;
    }
    if (family.type !== 'histogram') history.write(series, 0, numbers[at + VALUE]);
    else {
      let count = 0;
      for (let bucket = 0; bucket <= family.upperBounds.length; bucket++) {
        history.write(series, bucket, (count += numbers[at + FIRST_BUCKET + bucket]));
      }
      history.write(series, family.upperBounds.length + 1, numbers[at + SUM]);
      const began = createdAt !== series.createdAt || (isNew && createdAt >= previousAt);
      if (exponential && !history.writeFine(series, exponential, began)) context.onFineDrop();
    }
    series.createdAt = createdAt;
  }
}
