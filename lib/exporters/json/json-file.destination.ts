import { dirname } from 'node:path';
import { type MetricsSnapshot, seriesCountOf } from '../../metrics/snapshot.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { jsonText } from './json-document.js';
import type { ResolvedRotation } from './json.options.js';
import { RotatedLines } from './rotated-lines.js';
import { AtomicFile } from '../../primitives/atomic-file.js';
import { inTimeSlices } from '../../primitives/time-slices.js';

/** Number of characters that are encoded at a time. */
const CHUNK_LENGTH = 64 * 1024;

/** A JSON file as a destination of pushes: one document that is replaced, or one line per push. */
export class JsonFileDestination implements PushDestination {
  readonly name = 'json';
  readonly local = true;
  readonly supersedes: boolean;
  /** Snapshot of the last push. */
  latest: MetricsSnapshot | undefined;

  private readonly file: AtomicFile | RotatedLines;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly path: string,
    rotation?: ResolvedRotation,
  ) {
    this.file = rotation ? new RotatedLines(path, rotation) : new AtomicFile(path);
    this.supersedes = rotation === undefined;
  }

  /** Encodes nothing yet: the text is produced while it is written, in slices that leave the event loop free. */
  encode({ snapshot }: MetricsInterval): PushRequest[] {
    this.latest = snapshot;
    const bytes = snapshot.families.reduce((sum, { numbers }) => sum + numbers.byteLength, 0);
    return [{ payload: snapshot, bytes, points: seriesCountOf(snapshot.families) }];
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void> {
    if (this.writing !== undefined) throw new Error('the previous write is still in progress');
    const pieces = await inTimeSlices(piecesOf(request.payload as MetricsSnapshot));
    signal.throwIfAborted();
    this.writing = this.file.write(pieces, signal).finally(() => (this.writing = undefined));
    try {
      await this.writing;
    } catch (error) {
      throw new PushError(this.messageFor(error), 'retry', undefined, { cause: error });
    }
  }

  private messageFor(error: unknown): string {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ENOENT' && syscall === 'open'
        ? `the directory ${dirname(this.path)} does not exist`
        : message;
    return `cannot write ${this.path}: ${reason}`;
  }
}

/** Encodes the document, with a yield after each piece. */
function* piecesOf(snapshot: MetricsSnapshot): Generator<void, Buffer[], void> {
  const pieces: Buffer[] = [];
  let chunk = '';
  for (const text of jsonText(snapshot)) {
    chunk += text;
    if (chunk.length < CHUNK_LENGTH) continue;
    pieces.push(Buffer.from(chunk));
    chunk = '';
    yield;
  }
  pieces.push(Buffer.from(chunk));
  return pieces;
}
