import { ProtobufWriter } from '../protobuf/protobuf-writer.js';
import type { PushRequest } from '../push/push-destination.js';
import { decompressSnappy, type SnappyCompressor } from './snappy.js';

/** Field numbers of `WriteRequest`. */
export const TIMESERIES = 1;
export const METADATA = 3;

/** Limit of the samples in one request, as in Prometheus. */
const MAX_SAMPLES = 2_000;
/** Size from which a request is sent, in bytes before compression; Amazon Managed Prometheus accepts 1 MB after it. */
const FULL_BYTES = 800_000;
/** Memory of a request in the queue beside its body, approximately. */
const REQUEST_BYTES = 200;

/** The content of one request: a compressed `WriteRequest`. */
export interface WriteRequestPayload {
  readonly body: Buffer;
  /** True for a request with metadata only, which has no data points. */
  readonly isMetadata: boolean;
}

/** A builder of requests that respect the limits of receivers, from time series that are written one after the other. */
export class WriteRequestBuilder {
  readonly writer = new ProtobufWriter(64 * 1024);
  private readonly requests: PushRequest[] = [];
  private samples = 0;

  constructor(
    private readonly compressor: SnappyCompressor,
    private readonly isMetadata = false,
  ) {}

  /** Begins a new request unless the current one has room for what belongs together, such as the buckets of a histogram. */
  reserve(samples: number): void {
    if (this.samples > 0 && this.samples + samples > MAX_SAMPLES) this.flush();
  }

  /** Counts a sample that was written; ends the request if it is full. */
  added(): void {
    this.samples++;
    if (this.samples >= MAX_SAMPLES || this.writer.length >= FULL_BYTES) this.flush();
  }

  /** Returns the requests. */
  finish(): PushRequest[] {
    if (this.samples > 0) this.flush();
    return this.requests;
  }

  private flush(): void {
    const body = this.compressor.compress(this.writer.take());
    this.requests.push(requestOf(body, this.samples, this.isMetadata));
    this.samples = 0;
  }
}

/** Splits a request in the middle; returns an empty array for a single time series. */
export function splitWriteRequest(
  { payload }: PushRequest,
  compressor: SnappyCompressor,
): readonly PushRequest[] {
  const { body, isMetadata } = payload as WriteRequestPayload;
  const content = decompressSnappy(body);
  const starts = fieldStarts(content);
  if (starts.length < 2) return [];
  const middle = Math.ceil(starts.length / 2);
  const at = starts[middle]!;
  return [
    requestOf(compressor.compress(content.subarray(0, at)), middle, isMetadata),
    requestOf(compressor.compress(content.subarray(at)), starts.length - middle, isMetadata),
  ];
}

function requestOf(body: Buffer, samples: number, isMetadata: boolean): PushRequest {
  const payload: WriteRequestPayload = { body, isMetadata };
  return { payload, bytes: body.length + REQUEST_BYTES, points: isMetadata ? 0 : samples };
}

/** Returns the positions at which the fields of a message begin, all of which are messages with a tag of one byte. */
function fieldStarts(content: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; at < content.length;) {
    starts.push(at++);
    let size = 0;
    let factor = 1;
    for (; content[at]! > 0x7f; at++, factor *= 128) size += (content[at]! & 0x7f) * factor;
    size += content[at++]! * factor;
    at += size;
  }
  return starts;
}
