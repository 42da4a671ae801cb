import { unitOf } from '../../metrics/naming.js';
import { batchesOf } from '../push/batches.js';
import type { HistogramInterval, IntervalFamily, MetricsInterval } from '../push/metrics-interval.js';
import type { PushRequest } from '../push/push-destination.js';
import { Refusal } from '../push/refusal.js';
import { type WeightedValues, weightedValues } from '../push/weighted-values.js';
import { datadogName, datadogTags } from './datadog-names.js';

/** One series of a counter or a gauge: the `MetricSeries` of the API. */
export interface DatadogSeries {
  readonly metric: string;
  readonly type: typeof COUNT | typeof GAUGE;
  /** How many seconds a count was counted over. */
  readonly interval?: number;
  readonly unit?: string;
  readonly points: readonly [{ readonly timestamp: number; readonly value: number }];
  readonly tags: readonly string[];
  readonly resources: readonly [{ readonly type: 'host'; readonly name: string }];
}

/** Some values of one series of a histogram, each written once with how often it occurred. */
export interface DatadogDistribution {
  readonly metric: string;
  readonly timestamp: number;
  readonly values: WeightedValues;
  readonly tags: readonly string[];
  readonly host: string;
}

/** The content of one request, and to which of the two endpoints it goes. */
export type DatadogPayload =
  | { readonly kind: 'series'; readonly series: readonly DatadogSeries[] }
  | { readonly kind: 'distributions'; readonly series: readonly DatadogDistribution[] };

/** How an interval is told. */
export interface DatadogPayloadOptions {
  readonly host: string;
  /** Beside the labels of each series, which win where the names are equal. */
  readonly tags: Readonly<Record<string, string>>;
  readonly histograms: 'distributions' | 'counts';
}

export const COUNT = 1;
export const GAUGE = 3;

/**
 * What Datadog takes of series in a request, without relying on compression. Distributions may be six times that:
 * but it is what a process can expand in passing.
 */
const MAX_BYTES = 512_000;
/** No number is written with more, the comma included. */
const BYTES_PER_VALUE = 25;
const FRAME_BYTES = 100;
const MAX_VALUES = Math.floor((MAX_BYTES / BYTES_PER_VALUE) * 0.95);
/** Of an interval longer than that, the end is told: Datadog takes nothing that is older than an hour. */
const LONGEST_MS = 5 * 60 * 1_000;

const UNITS: Readonly<Record<string, string>> = { seconds: 'second', bytes: 'byte' };

/** Counts are told where their interval begins, as the agent does; in seconds since the Unix epoch. */
export function countedAt({ startedAt, endedAt }: MetricsInterval): number {
  return Math.floor(Math.max(startedAt, endedAt - LONGEST_MS) / 1_000);
}

/**
 * An interval as requests to Datadog.
 *
 * @param timestamp of counts and distributions: of two counts with the same one Datadog keeps the later only
 * @see https://docs.datadoghq.com/api/latest/metrics/
 */
export function datadogRequests(
  interval: MetricsInterval,
  options: DatadogPayloadOptions,
  timestamp = countedAt(interval),
): PushRequest[] {
  const teller = new Teller(interval, options, timestamp);
  const { families } = interval;
  const told = families.flatMap((family) => teller.seriesOf(family));
  const series = told.filter(({ points: [{ value }] }) => Number.isFinite(value));
  const distributions = families.flatMap((family) => teller.distributionsOf(family));
  const requests = [
    ...batchesOf(series, bytesOfSeries, { items: Infinity, bytes: MAX_BYTES - FRAME_BYTES }).map(
      ({ items }) => datadogRequest({ kind: 'series', series: items }),
    ),
    ...batchesOf(distributions, bytesExpanded, { items: Infinity, bytes: MAX_BYTES - FRAME_BYTES }).map(
      ({ items }) => datadogRequest({ kind: 'distributions', series: items }),
    ),
  ];
  const refused = told.length - series.length;
  if (refused === 0) return requests;
  return [...requests, new Refusal(refused, 'Datadog takes no numbers that are not finite.')];
}

/** One request to Datadog. */
export function datadogRequest(payload: DatadogPayload): PushRequest {
  const bytes =
    payload.kind === 'series'
      ? payload.series.reduce((sum, series) => sum + bytesOfSeries(series), 0)
      : payload.series.reduce((sum, series) => sum + bytesCompact(series), 0);
  return { payload, bytes, points: payload.series.length };
}

/** The two halves of a payload; undefined if it is one piece. */
export function halvesOf(payload: DatadogPayload | undefined): PushRequest[] | undefined {
  if (payload === undefined) return undefined;
  const middle = Math.ceil(payload.series.length / 2);
  if (middle === payload.series.length) return undefined;
  return [payload.series.slice(0, middle), payload.series.slice(middle)].map((series) =>
    datadogRequest({ ...payload, series } as DatadogPayload),
  );
}

/** What is the same for everything that is told of an interval. */
class Teller {
  private readonly measuredAt: number;
  private readonly seconds: number;

  constructor(
    private readonly interval: MetricsInterval,
    private readonly options: DatadogPayloadOptions,
    private readonly timestamp: number,
  ) {
    const { startedAt, endedAt } = interval;
    this.measuredAt = Math.floor(endedAt / 1_000);
    this.seconds = Math.max(1, Math.round((endedAt - startedAt) / 1_000));
  }

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

  distributionsOf(family: IntervalFamily): DatadogDistribution[] {
    if (family.type !== 'histogram' || this.options.histograms !== 'distributions') return [];
    const metric = datadogName(family.name);
    return grouped(family.series, (labels) => this.tagsOf(labels)).flatMap(({ tags, members }) =>
      [...piecesOf(weightedValues(members))].map((values) => ({
        metric,
        timestamp: this.timestamp,
        values,
        tags,
        host: this.options.host,
      })),
    );
  }

  /** Of series that are the same to Datadog, only one would be kept: they are added up before. */
  private counts<S extends Labelled>(
    { name, unit }: Named,
    series: readonly S[],
    deltaOf: (series: S) => number,
  ): DatadogSeries[] {
    return grouped(series, (labels) => this.tagsOf(labels)).map(({ tags, members }) => ({
      metric: datadogName(name),
      type: COUNT,
      interval: this.seconds,
      ...(unit !== undefined && { unit }),
      points: [
        { timestamp: this.timestamp, value: members.reduce((sum, member) => sum + deltaOf(member), 0) },
      ],
      tags,
      resources: [{ type: 'host', name: this.options.host }],
    }));
  }

  private gauges(
    { name, unit }: Named,
    series: readonly (Labelled & { readonly value: number })[],
  ): DatadogSeries[] {
    return grouped(series, (labels) => this.tagsOf(labels)).map(({ tags, members }) => ({
      metric: datadogName(name),
      type: GAUGE,
      ...(unit !== undefined && { unit }),
      points: [{ timestamp: this.measuredAt, value: members.at(-1)!.value }],
      tags,
      resources: [{ type: 'host', name: this.options.host }],
    }));
  }

  private tagsOf(labels: Readonly<Record<string, string>>): string[] {
    return datadogTags({ ...this.options.tags, ...this.interval.defaultLabels, ...labels });
  }
}

interface Named {
  readonly name: string;
  readonly unit?: string | undefined;
}

type Labelled = Pick<HistogramInterval, 'labels'>;

function grouped<S extends Labelled>(
  series: readonly S[],
  tagsOf: (labels: Readonly<Record<string, string>>) => string[],
): { readonly tags: readonly string[]; readonly members: readonly S[] }[] {
  const groups = new Map<string, { readonly tags: readonly string[]; readonly members: S[] }>();
  for (const member of series) {
    const tags = tagsOf(member.labels);
    const identity = JSON.stringify(tags);
    const group = groups.get(identity);
    if (group === undefined) groups.set(identity, { tags, members: [member] });
    else group.members.push(member);
  }
  return [...groups.values()];
}

/** The same values, in pieces that one request can hold. */
function* piecesOf({ values, counts }: WeightedValues): Generator<WeightedValues> {
  let piece = { values: [] as number[], counts: [] as number[] };
  let room = MAX_VALUES;
  for (const [i, value] of values.entries()) {
    for (let left = counts[i]; left > 0;) {
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

function bytesOfSeries(series: DatadogSeries): number {
  return Buffer.byteLength(JSON.stringify(series)) + 1;
}

/** What it takes in a request, where each value is written as often as it occurred. */
function bytesExpanded({ values, ...frame }: DatadogDistribution): number {
  const occurrences = values.counts.reduce((sum, count) => sum + count, 0);
  return Buffer.byteLength(JSON.stringify(frame)) + FRAME_BYTES + BYTES_PER_VALUE * occurrences;
}

/** What it takes in memory until then. */
function bytesCompact({ values, ...frame }: DatadogDistribution): number {
  return Buffer.byteLength(JSON.stringify(frame)) + 16 * values.counts.length;
}
