import type { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import { type BridgedFamily, type BridgedSample, labelValueOf } from './bridged-family.js';
import {
  BUCKET,
  FAMILY,
  HISTOGRAM,
  METRIC,
  METRIC_TYPES,
  QUANTILE,
  SCALAR,
  SUMMARY,
  writeLabel,
} from './protobuf-fields.js';

/** The samples of one histogram or summary of a bridged metric. */
interface Distribution {
  readonly labels: readonly (readonly [name: string, value: string])[];
  count: number;
  sum: number;
  /** Cumulative counts by upper bound, or values by quantile. */
  readonly points: [at: number, value: number][];
}

/** Writes the metrics of a bridged family; histograms have classic buckets, since there are no others. */
export function writeBridged(writer: ProtobufWriter, family: BridgedFamily): void {
  const { type } = family;
  if (type === 'histogram' || type === 'summary') {
    for (const distribution of distributionsOf(family, type === 'histogram' ? 'le' : 'quantile')) {
      const start = writer.open(FAMILY.metric);
      for (const [name, value] of distribution.labels) writeLabel(writer, name, value);
      if (type === 'histogram') writeHistogram(writer, distribution);
      else writeSummary(writer, distribution);
      writer.close(start);
    }
    return;
  }
  for (const { labels, value } of family.samples) {
    const start = writer.open(FAMILY.metric);
    for (const [name, given] of Object.entries(labels)) writeLabel(writer, name, labelValueOf(given));
    const scalar = writer.open(METRIC[type]);
    writer.double(SCALAR.value, value);
    writer.close(scalar);
    writer.close(start);
  }
}

/** Returns the value of the type of a bridged family. */
export function typeOfBridged({ type }: BridgedFamily): number {
  return METRIC_TYPES[type];
}

function distributionsOf(
  { name, samples }: BridgedFamily,
  pointLabel: 'le' | 'quantile',
): Iterable<Distribution> {
  const found = new Map<string, Distribution>();
  for (const sample of samples) {
    const isPoint = isPointOf(sample, name, pointLabel);
    const labels = Object.entries(sample.labels)
      .filter(([label]) => !(isPoint && label === pointLabel))
      .map(([label, given]) => [label, labelValueOf(given)] as const);
    const key = JSON.stringify(labels.toSorted(([a], [b]) => (a < b ? -1 : 1)));
    let distribution = found.get(key);
    if (distribution === undefined) {
      distribution = { labels, count: 0, sum: 0, points: [] };
      found.set(key, distribution);
    }
    if (isPoint) {
      const given = sample.labels[pointLabel];
      distribution.points.push([given === '+Inf' ? Infinity : Number(given), sample.value]);
    } else if (sample.name === `${name}_sum`) distribution.sum = sample.value;
    else if (sample.name === `${name}_count`) distribution.count = sample.value;
  }
  for (const { points } of found.values()) points.sort(([a], [b]) => a - b);
  return found.values();
}

function isPointOf({ name: sample, labels }: BridgedSample, name: string, pointLabel: string): boolean {
  return sample === (pointLabel === 'le' ? `${name}_bucket` : name) && pointLabel in labels;
}

function writeHistogram(writer: ProtobufWriter, { count, sum, points }: Distribution): void {
  const start = writer.open(METRIC.histogram);
  writeCount(writer, HISTOGRAM.sampleCount, HISTOGRAM.sampleCountFloat, count);
  writer.double(HISTOGRAM.sampleSum, sum);
  for (const [upperBound, cumulative] of points) {
    const bucket = writer.open(HISTOGRAM.bucket);
    writeCount(writer, BUCKET.cumulativeCount, BUCKET.cumulativeCountFloat, cumulative);
    writer.double(BUCKET.upperBound, upperBound);
    writer.close(bucket);
  }
  writer.close(start);
}

function writeSummary(writer: ProtobufWriter, { count, sum, points }: Distribution): void {
  const start = writer.open(METRIC.summary);
  writer.uint(SUMMARY.sampleCount, isCount(count) ? count : 0);
  writer.double(SUMMARY.sampleSum, sum);
  for (const [at, value] of points) {
    const quantile = writer.open(SUMMARY.quantile);
    writer.double(QUANTILE.quantile, at);
    writer.double(QUANTILE.value, value);
    writer.close(quantile);
  }
  writer.close(start);
}

/** Writes a count, which another library may have as a fraction. */
function writeCount(writer: ProtobufWriter, field: number, floatField: number, count: number): void {
  if (isCount(count)) writer.uint(field, count);
  else writer.double(floatField, count);
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < 2 ** 64;
}
