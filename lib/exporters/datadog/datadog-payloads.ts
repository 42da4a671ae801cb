import { batchesOf, halvesOf } from '../push/batches.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import type { PushRequest } from '../push/push-destination.js';
import { RejectedPoints } from '../push/partial-success.js';
import {
  BYTES_PER_VALUE,
  type DatadogDistribution,
  type DatadogPayload,
  type DatadogPayloadOptions,
  type DatadogSeries,
  MAX_BYTES,
} from './datadog-series.js';
import { PayloadBuilder } from './payload-builder.js';

/** Approximate size of what surrounds the series in a request, in bytes. */
const FRAME_BYTES = 100;
const LIMITS = { items: Infinity, bytes: MAX_BYTES - FRAME_BYTES };
/** Longest interval whose counts get the timestamp of its start; Datadog rejects anything older than an hour. */
const MAX_INTERVAL_MS = 5 * 60 * 1_000;

/**
 * Returns the timestamp of counts: the start of the interval, as the Datadog agent does, in seconds since the Unix
 * epoch.
 */
export function countTimestampOf({ startedAt, endedAt }: MetricsInterval): number {
  return Math.floor(Math.max(startedAt, endedAt - MAX_INTERVAL_MS) / 1_000);
}

/**
 * Encodes an interval as requests to Datadog.
 *
 * @param timestamp timestamp of counts and distributions; of two counts with the same one, Datadog keeps only the later
 * @see https://docs.datadoghq.com/api/latest/metrics/
 */
export function datadogRequests(
  interval: MetricsInterval,
  options: DatadogPayloadOptions,
  timestamp = countTimestampOf(interval),
): PushRequest[] {
  const builder = new PayloadBuilder(interval, options, timestamp);
  const { families } = interval;
  const allSeries = families.flatMap((family) => builder.seriesOf(family));
  const series = allSeries.filter(({ points: [{ value }] }) => Number.isFinite(value));
  const distributions = families.flatMap((family) => builder.distributionsOf(family));
  const requests = [
    ...batchesOf(series, bytesOfSeries, LIMITS).map(({ items }) =>
      datadogRequest({ kind: 'series', series: items }),
    ),
    ...batchesOf(distributions, expandedBytesOf, LIMITS).map(({ items }) =>
      datadogRequest({ kind: 'distributions', series: items }),
    ),
  ];
  const rejected = allSeries.length - series.length;
  if (rejected === 0) return requests;
  return [...requests, new RejectedPoints(rejected, 'Datadog accepts finite numbers only.')];
}

/** Returns the request for a payload. */
function datadogRequest(payload: DatadogPayload): PushRequest {
  const bytes =
    payload.kind === 'series'
      ? payload.series.reduce((sum, series) => sum + bytesOfSeries(series), 0)
      : payload.series.reduce((sum, series) => sum + compactBytesOf(series), 0);
  return { payload, bytes, points: payload.series.length };
}

/** Splits a payload in half; returns an empty array if it has fewer than two series. */
export function splitPayload(payload: DatadogPayload | undefined): PushRequest[] {
  if (payload === undefined || payload.series.length < 2) return [];
  return payload.kind === 'series'
    ? halvesOf(payload.series).map((series) => datadogRequest({ kind: 'series', series }))
    : halvesOf(payload.series).map((series) => datadogRequest({ kind: 'distributions', series }));
}

function bytesOfSeries(series: DatadogSeries): number {
  return Buffer.byteLength(JSON.stringify(series)) + 1;
}

/** Returns the size of a distribution in a request, where each value is written as often as it occurred. */
function expandedBytesOf({ values, ...frame }: DatadogDistribution): number {
  const occurrences = values.counts.reduce((sum, count) => sum + count, 0);
  return Buffer.byteLength(JSON.stringify(frame)) + FRAME_BYTES + BYTES_PER_VALUE * occurrences;
}

/** Returns the size of a distribution in the queue, where each distinct value is written once. */
function compactBytesOf({ values, ...frame }: DatadogDistribution): number {
  return Buffer.byteLength(JSON.stringify(frame)) + 16 * values.counts.length;
}
