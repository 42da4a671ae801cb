import { OVERFLOW_LABEL } from '../../metrics/labels.js';
import { SeriesAggregation } from '../../metrics/merge/series-aggregation.js';
import {
  CREATED,
  FIRST_BUCKET,
  type HistogramFamily,
  liveRows,
  type MetricFamily,
  type MetricsSnapshot,
  type SeriesIdentities,
  VALUE,
} from '../../metrics/snapshot.js';
import type { DerivedDefinition, DerivedSource } from './derived-definition.js';

/**
 * A metric that is derived from others in each snapshot. It keeps the identities of its series, so that a series is the
 * same one in the next snapshot.
 */
export class DerivedFamily {
  private aggregation: SeriesAggregation | undefined;
  /** The epoch of the only source. */
  private epoch: object | undefined;
  private readonly identities = new WeakMap<SeriesIdentities, SeriesIdentities>();

  constructor(readonly definition: DerivedDefinition) {}

  /**
   * Derives the metric.
   *
   * @param found families of the sources that exist, at least one
   */
  derive(
    found: readonly (readonly [DerivedSource, MetricFamily])[],
    { timestamp, defaultLabels }: MetricsSnapshot,
  ): MetricFamily {
    const { semantic } = this.definition;
    const seriesLimit = found.reduce((sum, [, family]) => sum + family.seriesLimit, 0);
    const bounds = commonBounds(found.map(([, family]) => family));
    const pieces = found.map(([source, family], index) => ({
      worker: { index },
      family: this.renamed(source, withBounds(converted(family, source, timestamp), bounds), seriesLimit),
    }));
    const first = pieces[0]!.family;
    // After a reset of the source, its series count from zero.
    const epoch = found.length === 1 && first.type !== 'gauge' ? first.epoch : undefined;
    if (this.aggregation?.accepts(first) !== true || epoch !== this.epoch) {
      this.epoch = epoch;
      this.aggregation = new SeriesAggregation(first, 'sum', defaultLabels, true);
    }
    const family = this.aggregation.merge(pieces);
    return semantic === undefined ? family : { ...family, semantic };
  }

  /** Returns a source with the name and the labels of the derived metric. */
  private renamed(source: DerivedSource, family: MetricFamily, seriesLimit: number): MetricFamily {
    const { name, help = family.help, labelNames } = this.definition;
    let identities = this.identities.get(family.identities);
    if (identities === undefined) {
      identities = new RenamedIdentities(family.identities, source);
      this.identities.set(family.identities, identities);
    }
    return { ...family, name, help, labelNames, seriesLimit, identities };
  }
}

/** The identities of series with other labels. They are only read to be merged. */
class RenamedIdentities implements SeriesIdentities {
  constructor(
    private readonly own: SeriesIdentities,
    private readonly source: DerivedSource,
  ) {}

  expositionPrefixOf(row: number): string {
    return this.own.expositionPrefixOf(row);
  }

  renderPrefixOf(row: number): string {
    return this.own.renderPrefixOf(row);
  }

  labelsOf(row: number): Record<string, string> {
    const labels = this.own.labelsOf(row);
    return labels[OVERFLOW_LABEL] === undefined ? { ...this.source.labelsOf(labels) } : labels;
  }
}

function converted(family: MetricFamily, { convert }: DerivedSource, timestamp: number): MetricFamily {
  if (convert === undefined) return family;
  const numbers = family.numbers.slice();
  for (const row of liveRows(family)) {
    const at = row * family.stride + VALUE;
    numbers[at] = convert(numbers[at] ?? NaN, timestamp);
  }
  return { ...family, numbers };
}

/** Returns the bounds that all histograms have; undefined if they have the same, or are none. */
function commonBounds(families: readonly MetricFamily[]): readonly number[] | undefined {
  const histograms = families.filter((family) => family.type === 'histogram');
  const [first, ...others] = histograms;
  if (first === undefined) return undefined;
  const common = first.upperBounds.filter((bound) =>
    others.every(({ upperBounds }) => upperBounds.includes(bound)),
  );
  return histograms.every(({ upperBounds }) => upperBounds.length === common.length) ? undefined : common;
}

/** Returns a histogram with only some of its bounds; what lies between two of them adds up. */
function withBounds(family: MetricFamily, bounds: readonly number[] | undefined): MetricFamily {
  return bounds === undefined || family.type !== 'histogram' ? family : rebucketed(family, bounds);
}

function rebucketed(family: HistogramFamily, bounds: readonly number[]): HistogramFamily {
  const { upperBounds, numbers: own, stride: ownStride } = family;
  const stride = FIRST_BUCKET + bounds.length + 1;
  const rows = own.length / ownStride;
  const numbers = new Float64Array(rows * stride).fill(0);
  const targets = [...upperBounds, Infinity].map((bound) => {
    const index = bounds.findIndex((wanted) => bound <= wanted);
    return FIRST_BUCKET + (index < 0 ? bounds.length : index);
  });
  for (let row = 0; row < rows; row++) {
    const from = row * ownStride;
    const to = row * stride;
    for (let i = CREATED; i < FIRST_BUCKET; i++) numbers[to + i] = own[from + i] ?? NaN;
    targets.forEach((target, bucket) => {
      numbers[to + target] = (numbers[to + target] ?? 0) + (own[from + FIRST_BUCKET + bucket] ?? 0);
    });
  }
  const { exemplars: _omitted, ...rest } = family;
  return { ...rest, upperBounds: bounds, numbers, stride, ...rebucketedExemplars(family, targets, stride) };
}

function rebucketedExemplars(
  { exemplars, stride: ownStride }: HistogramFamily,
  targets: readonly number[],
  stride: number,
): Pick<HistogramFamily, 'exemplars'> {
  if (exemplars === undefined) return {};
  const moved = Array.from(exemplars, ([at, exemplar]) => {
    const row = Math.floor(at / ownStride);
    return [row * stride + targets[(at % ownStride) - FIRST_BUCKET]!, exemplar] as const;
  });
  return { exemplars: new Map(moved) };
}
