import { messageOf } from '../../primitives/error-message.js';
import { batchesOf } from '../push/batches.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { RejectedPoints } from '../push/partial-success.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { embeddedDocuments, type EmbeddedMetricsEncoding } from './embedded-documents.js';
import { type LineBatch, type EmbeddedMetricsStream, LineWriter } from './line-writer.js';

/** Limits of one request: so many lines wait in the queue together. */
const LIMITS = { items: 100, bytes: 1024 * 1024 };
/** Codes of the errors of a stream that takes no more lines, so that another attempt at once is no use. */
const CLOSED = ['ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END', 'EPIPE'];
const DAY_MS = 24 * 60 * 60 * 1_000;

/** A stream of log lines, such as the standard output, as a destination of pushes in the embedded metric format. */
export class EmbeddedMetricsDestination implements PushDestination {
  readonly name = 'embedded_metrics';
  readonly local = true;
  /** CloudWatch accepts data up to two weeks old; an hour is left for the delivery of the log. */
  readonly maxAgeMs = 14 * DAY_MS - 60 * 60 * 1_000;

  private readonly writer: LineWriter;

  /** @param stream the stream. @default process.stdout, looked up for each line */
  constructor(
    private readonly options: EmbeddedMetricsEncoding,
    stream?: EmbeddedMetricsStream,
  ) {
    this.writer = new LineWriter(() => stream ?? process.stdout);
  }

  encode(interval: MetricsInterval): readonly PushRequest[] {
    const { documents, rejected } = embeddedDocuments(interval, this.options);
    const requests: PushRequest[] = batchesOf(documents, ({ bytes }) => bytes, LIMITS).map(
      ({ items, bytes }) => ({
        payload: { lines: items.map(({ line }) => line), written: 0 } satisfies LineBatch,
        bytes,
        points: items.reduce((sum, { points }) => sum + points, 0),
      }),
    );
    if (rejected === 0) return requests;
    const reason = `CloudWatch accepts values within ±2^360, in lines of at most ${this.options.maxLineBytes} bytes.`;
    return [...requests, new RejectedPoints(rejected, reason)];
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void> {
    if (request instanceof RejectedPoints) throw request.asError();
    try {
      await this.writer.write(request.payload as LineBatch, signal);
    } catch (error) {
      if (!isClosed(error)) throw error;
      const message = `The stream of the embedded metrics is closed: ${messageOf(error)}`;
      throw new PushError(message, 'stop', undefined, { cause: error });
    }
  }
}

function isClosed(error: unknown): boolean {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && CLOSED.includes(code);
}
