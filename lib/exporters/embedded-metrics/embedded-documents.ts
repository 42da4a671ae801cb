import { freeName } from '../../primitives/free-name.js';
import { type Dimension, dimensionSetsOf } from '../cloudwatch/dimensions.js';
import { isStorableNumber, storableValues, zeroIfTiny } from '../cloudwatch/magnitudes.js';
import { standardUnitOf } from '../cloudwatch/units.js';
import { bucketMidpoints } from '../push/bucket-midpoints.js';
import type { HistogramInterval, IntervalFamily, MetricsInterval } from '../push/metrics-interval.js';
import { shortName } from '../push/short-name.js';
import { DocumentBuilder, type EmbeddedDocument } from './document-builder.js';

/** The settings for encoding an interval. */
export interface EmbeddedMetricsEncoding {
  readonly namespace: string;
  readonly distributions: 'values' | 'statistics';
  readonly highResolution: boolean;
  readonly rollUps: readonly (readonly string[])[];
  readonly maxLineBytes: number;
}

/** The documents of an interval, and the number of data points that CloudWatch would reject. */
export interface EncodedInterval {
  readonly documents: readonly EmbeddedDocument[];
  readonly rejected: number;
}

/**
 * The number of an embedded metric, several numbers, or numbers with their counts and statistics. The published
 * specification has the first two; the last is what the exporters of AWS write for distributions.
 */
export type EmbeddedValue = number | readonly number[] | EmbeddedDistribution;

interface EmbeddedDistribution {
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly Max: number;
  readonly Min: number;
  readonly Count: number;
  readonly Sum: number;
}

/** Maximum number of values of one metric in a document. */
const MAX_VALUES = 100;
const MAX_METRIC_NAME_LENGTH = 255;
const MAX_DIMENSION_NAME_LENGTH = 250;
/** Member of a document with the directives, whose name no metric and no dimension can have. */
const METADATA = '_aws';

/**
 * Encodes an interval as documents in the embedded metric format. The series with equal labels share documents. CloudWatch adds
 * up the numbers of the same metric and dimensions in several documents.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function embeddedDocuments(
  interval: MetricsInterval,
  options: EmbeddedMetricsEncoding,
): EncodedInterval {
  // The end itself belongs to the next minute.
  const timestamp = Math.max(interval.startedAt, interval.endedAt - 1);
  const builders = new Map<string, DocumentBuilder>();
  const { families, defaultLabels } = interval;
  const familyNames = new Set(families.map(({ name }) => name));
  let rejected = 0;
  for (const family of families) {
    const definition = definitionOf(family, { familyNames, defaultLabels, options });
    for (const series of family.series) {
      const value = valueOf(family, series, options);
      if (!numbersOf(value).every(isStorableNumber)) {
        rejected++;
        continue;
      }
      // Own labels come first, since only the first 30 are kept.
      const labels = { ...series.labels, ...defaultLabels, ...series.labels };
      const sets = setsOf(labels, options.rollUps);
      const identity = JSON.stringify(sets);
      let builder = builders.get(identity);
      if (builder === undefined) {
        builder = new DocumentBuilder({ ...options, timestamp }, sets);
        builders.set(identity, builder);
      }
      if (!builder.add(definition, value)) rejected++;
    }
  }
  return { documents: [...builders.values()].flatMap((builder) => builder.build()), rejected };
}

interface DefinitionContext {
  readonly familyNames: ReadonlySet<string>;
  readonly defaultLabels: Readonly<Record<string, string>>;
  readonly options: EmbeddedMetricsEncoding;
}

function definitionOf(
  { name, type, labelNames }: IntervalFamily,
  { familyNames, defaultLabels, options }: DefinitionContext,
) {
  // Metrics and dimensions are members of the same object.
  const isLabel = (one: string): boolean =>
    one === METADATA || labelNames.includes(one) || Object.hasOwn(defaultLabels, one);
  const free = freeName(name, (one) => isLabel(one) || (one !== name && familyNames.has(one)));
  return {
    Name: shortName(free, MAX_METRIC_NAME_LENGTH),
    Unit: standardUnitOf(name, type),
    StorageResolution: options.highResolution ? (1 as const) : (60 as const),
  };
}

function setsOf(
  labels: Readonly<Record<string, string>>,
  rollUps: EmbeddedMetricsEncoding['rollUps'],
): readonly (readonly Dimension[])[] {
  const sets = dimensionSetsOf(labels, rollUps, MAX_DIMENSION_NAME_LENGTH);
  if (!Object.hasOwn(labels, METADATA)) return sets;
  const renamed = freeName(METADATA, (name) => Object.hasOwn(labels, name));
  return sets.map((set) =>
    set.map(({ Name, Value }) => ({ Name: Name === METADATA ? renamed : Name, Value })),
  );
}

function valueOf(
  family: IntervalFamily,
  series: IntervalFamily['series'][number],
  { distributions }: EmbeddedMetricsEncoding,
): EmbeddedValue {
  if ('value' in series) return zeroIfTiny(series.value);
  if (family.type === 'counter') return zeroIfTiny(series.delta as number);
  const histogram = series as HistogramInterval;
  return distributions === 'values' ? valuesOf(histogram) : statisticsOf(histogram);
}

/** Returns each value, as the published specification has it; beyond its limit, values with their counts. */
function valuesOf(histogram: HistogramInterval): EmbeddedValue {
  const countOf = storableValues([histogram], MAX_VALUES);
  if (histogram.delta.count > MAX_VALUES) {
    const Values = [...countOf.keys()];
    return { Values, Counts: [...countOf.values()], ...statisticsOf(histogram, Values) };
  }
  const values = [...countOf].flatMap(([value, count]) => Array.from({ length: count }, () => value));
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : values;
}

function statisticsOf(
  histogram: HistogramInterval,
  values: readonly number[] = bucketMidpoints([histogram]).values.map(zeroIfTiny),
): EmbeddedDistribution {
  const { count, sum } = histogram.delta;
  return { Max: Math.max(...values), Min: Math.min(...values), Count: count, Sum: zeroIfTiny(sum) };
}

function numbersOf(value: EmbeddedValue): readonly number[] {
  return typeof value === 'number' ? [value] : Array.isArray(value) ? value : Object.values(value).flat();
}
