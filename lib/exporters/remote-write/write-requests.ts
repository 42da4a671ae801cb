import { liveRows, type MetricFamily, type MetricsSnapshot } from '../../metrics/snapshot.js';
import {
  type NativeHistogramsOptions,
  resolveNativeHistograms,
  type ResolvedNativeHistograms,
  settingsOf,
} from '../prometheus/native-histograms.options.js';
import { SchemaMemory } from '../prometheus/protobuf-histogram.js';
import type { PushRequest } from '../push/push-destination.js';
import { goneRows } from './gone-series.js';
import { metadataRequests } from './metric-metadata.js';
import { SnappyCompressor } from './snappy.js';
import { FamilyWriter, type TimeSeriesOptions } from './time-series.js';
import { WriteRequestBuilder } from './write-request.js';

/** Interval at which the metadata are repeated, in milliseconds, as in Prometheus. */
const METADATA_INTERVAL_MS = 60_000;
/** The same while the last ones wait in the queue, from which they may have been evicted. */
const QUEUED_METADATA_INTERVAL_MS = 60 * 60_000;
/** Number of series between two yields. */
const SERIES_PER_YIELD = 64;
/**
 * Step by which the clock may be set back and the timestamps still go forward, in milliseconds: receivers reject a sample
 * that is not younger than the last one of its series. After a larger step the clock is believed.
 */
const MAX_STEP_BACK_MS = 60_000;

/** The settings for encoding intervals. */
export interface WriteRequestsOptions {
  /** Labels of the target that win over those of a series. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels of the target unless the default labels of the registry have them. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly nativeHistograms: NativeHistogramsOptions | boolean;
  readonly metadata: boolean;
  readonly staleMarkers: boolean;
}

/** An encoder of intervals as requests of remote write. It remembers the last interval, so that it can end series. */
export class WriteRequestEncoder {
  readonly compressor = new SnappyCompressor();
  private last: { readonly snapshot: MetricsSnapshot; readonly timestamp: number } | undefined;
  private metadata: { readonly at: number; readonly names: string } | undefined;
  /** True while metadata wait in the queue, unless they were evicted. */
  private isMetadataQueued = false;

  private readonly native: ResolvedNativeHistograms;
  private readonly schemas = new SchemaMemory();

  constructor(private readonly options: WriteRequestsOptions) {
    this.native = resolveNativeHistograms('nativeHistograms', options.nativeHistograms);
  }

  /** Encodes the samples of all series, the markers of those that are gone, and the metadata when they are due. */
  *encode(snapshot: MetricsSnapshot): Generator<void, PushRequest[], void> {
    const { last } = this;
    const timestamp = this.timestampAt(snapshot.timestamp);
    const builder = new WriteRequestBuilder(this.compressor);
    const options = this.seriesOptions(snapshot, builder, timestamp);
    for (const family of snapshot.families) yield* written(family, liveRows(family), options, 'write');
    if (this.options.staleMarkers && last !== undefined) {
      const current = new Map(snapshot.families.map((family) => [family.name, family]));
      for (const family of last.snapshot.families) {
        yield* written(family, goneRows(family, current.get(family.name)), options, 'end');
      }
    }
    const requests = [...this.dueMetadata(snapshot), ...builder.finish()];
    this.last = { snapshot, timestamp };
    return requests;
  }

  /**
   * Encodes the markers that end all series.
   *
   * @param now time, in milliseconds since the Unix epoch
   */
  *encodeEnd(now: number): Generator<void, PushRequest[], void> {
    const { last } = this;
    if (!this.options.staleMarkers || last === undefined) return [];
    this.last = undefined;
    const builder = new WriteRequestBuilder(this.compressor);
    const timestamp = Math.max(Math.trunc(now), last.timestamp + 1);
    const options = this.seriesOptions(last.snapshot, builder, timestamp);
    for (const family of last.snapshot.families) yield* written(family, liveRows(family), options, 'end');
    return builder.finish();
  }

  /** Records that metadata were accepted or rejected. */
  metadataSettled(): void {
    this.isMetadataQueued = false;
  }

  private seriesOptions(
    { defaultLabels }: MetricsSnapshot,
    builder: WriteRequestBuilder,
    timestamp: number,
  ): TimeSeriesOptions {
    const { labels, defaults } = this.options;
    const free = Object.entries(defaults).filter(([name]) => !Object.hasOwn(defaultLabels, name));
    const target = { ...Object.fromEntries(free), ...labels };
    return {
      builder,
      timestamp,
      exemplarsFrom: this.last?.timestamp ?? 0,
      defaultLabels,
      target,
      nativeHistograms: (metric) => settingsOf(this.native, metric),
      schemas: this.schemas,
    };
  }

  private timestampAt(time: number): number {
    const timestamp = Math.trunc(time);
    const after = this.last?.timestamp ?? -Infinity;
    return timestamp > after || timestamp < after - MAX_STEP_BACK_MS ? timestamp : after + 1;
  }

  private dueMetadata({ timestamp, families }: MetricsSnapshot): PushRequest[] {
    if (!this.options.metadata) return [];
    const names = families.map(({ name }) => name).join();
    const age = timestamp - (this.metadata?.at ?? -Infinity);
    const intervalMs = this.isMetadataQueued ? QUEUED_METADATA_INTERVAL_MS : METADATA_INTERVAL_MS;
    if (names === this.metadata?.names && age >= 0 && age < intervalMs) return [];
    this.metadata = { at: timestamp, names };
    this.isMetadataQueued = true;
    return metadataRequests(families, this.compressor);
  }
}

function* written(
  family: MetricFamily,
  rows: Iterable<number>,
  options: TimeSeriesOptions,
  method: 'write' | 'end',
): Generator<void, void, void> {
  let writer: FamilyWriter | undefined;
  let count = 0;
  for (const row of rows) {
    writer ??= new FamilyWriter(family, options);
    writer[method](row);
    if (++count % SERIES_PER_YIELD === 0) yield;
  }
}
