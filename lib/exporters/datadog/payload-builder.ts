import { unitOf } from '../../metrics/naming-rules.js';
import type { HistogramInterval, IntervalFamily, MetricsInterval } from '../push/metrics-interval.js';
import { pairsOf, type WeightedValues, bucketMidpoints } from '../push/bucket-midpoints.js';
import { datadogName, datadogTags } from './datadog-names.js';
import {
  COUNT,
  type DatadogDistribution,
  type DatadogPayloadOptions,
  type DatadogSeries,
  GAUGE,
  MAX_VALUES,
} from './datadog-series.js';

type Labels = Readonly<Record<string, string>>;
type Labelled = Pick<HistogramInterval, 'labels'>;

/** The name and the unit of a metric at Datadog. */
interface MetricHead {
  readonly name: string;
  readonly unit?: string | undefined;
}

const UNITS: Readonly<Record<string, string>> = { seconds: 'second', bytes: 'byte' };

/** A builder of the series and distributions of one interval. */
export class PayloadBuilder {
  /** Timestamp of gauges, in seconds since the Unix epoch. */
  private readonly measuredAt: number;
  private readonly intervalSeconds: number;

  /** @param timestamp timestamp of counts and distributions, in seconds since the Unix epoch */
  constructor(
    private readonly interval: MetricsInterval,
    private readonly options: DatadogPayloadOptions,
    private readonly timestamp: number,
  ) {
    const { startedAt, endedAt } = interval;
    this.measuredAt = Math.floor(endedAt / 1_000);
    this.intervalSeconds = Math.max(1, Math.round((endedAt - startedAt) / 1_000));
  }

  /** Returns the counts and gauges of a metric. */
  seriesOf(family: IntervalFamily): DatadogSeries[] {
    const { name, type } = family;
    const unit = UNITS[unitOf(name, type) ?? ''];
    if (family.type === 'counter') return this.counts({ name, unit }, family.series, ({ delta }) => delta);
    if (family.type === 'gauge') return this.gauges({ name, unit }, family.series);
    if (this.options.histograms === 'distributions') return [];
    return [
      ...this.counts({ name: `${name}_count` }, family.series, ({ delta }) => delta.count),
      ...this.counts({ name: `${name}_sum`, unit }, family.series, ({ delta }) => delta.sum),
    ];
  }

  /** Returns the distributions of a metric, each small enough for one request. */
  distributionsOf(family: IntervalFamily): DatadogDistribution[] {
    if (family.type !== 'histogram' || this.options.histograms !== 'distributions') return [];
    const metric = datadogName(family.name);
    return this.grouped(family.series).flatMap(({ tags, members }) =>
      [...piecesOf(bucketMidpoints(members))].map((values) => ({
        metric,
        timestamp: this.timestamp,
        values,
        tags,
        host: this.options.host,
      })),
    );
  }

  private counts<S extends Labelled>(
    { name, unit }: MetricHead,
    series: readonly S[],
    deltaOf: (series: S) => number,
  ): DatadogSeries[] {
    return this.grouped(series).map(({ tags, members }) => ({
      metric: datadogName(name),
      type: COUNT,
      interval: this.intervalSeconds,
      ...(unit !== undefined && { unit }),
      points: [
        { timestamp: this.timestamp, value: members.reduce((sum, member) => sum + deltaOf(member), 0) },
      ],
      tags,
      resources: [{ type: 'host', name: this.options.host }],
    }));
  }

  private gauges(
    { name, unit }: MetricHead,
    series: readonly (Labelled & { readonly value: number })[],
  ): DatadogSeries[] {
    return this.grouped(series).map(({ tags, last }) => ({
      metric: datadogName(name),
      type: GAUGE,
      ...(unit !== undefined && { unit }),
      points: [{ timestamp: this.measuredAt, value: last.value }],
      tags,
      resources: [{ type: 'host', name: this.options.host }],
    }));
  }

  /** Groups series with the same tags at Datadog, which would keep only one of them. */
  private grouped<S extends Labelled>(series: readonly S[]): TagGroup<S>[] {
    const groups = new Map<string, TagGroup<S>>();
    for (const member of series) {
      const tags = this.tagsOf(member.labels);
      const identity = JSON.stringify(tags);
      const group = groups.get(identity);
      if (group === undefined) {
        groups.set(identity, { tags, members: [member], last: member });
      } else {
        group.members.push(member);
        group.last = member;
      }
    }
    return [...groups.values()];
  }

  private tagsOf(labels: Labels): string[] {
    return datadogTags({ ...this.options.tags, ...this.interval.defaultLabels, ...labels });
  }
}

/** The series with the same tags. */
interface TagGroup<S> {
  readonly tags: readonly string[];
  readonly members: S[];
  /** Last of the members. */
  last: S;
}

/** Splits values into pieces that each fit into one request. */
function* piecesOf(weighted: WeightedValues): Generator<WeightedValues> {
  let piece = { values: [] as number[], counts: [] as number[] };
  let room = MAX_VALUES;
  for (const [value, occurrences] of pairsOf(weighted)) {
    for (let left = occurrences; left > 0;) {
      const count = Math.min(left, room);
      piece.values.push(value);
      piece.counts.push(count);
      left -= count;
      room -= count;
      if (room > 0) continue;
      yield piece;
      piece = { values: [], counts: [] };
      room = MAX_VALUES;
    }
  }
  if (piece.values.length > 0) yield piece;
}
