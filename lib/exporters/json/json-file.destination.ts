import { dirname } from 'node:path';
import type { MetricsSnapshot } from '../../metrics/snapshot.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { jsonText } from './json-document.js';
import type { ResolvedRotation } from './json.options.js';
import { RotatedLines } from './rotated-lines.js';
import { AtomicFile } from '../../primitives/atomic-file.js';

const SLICE_MS = 4;
/** So much text is made a buffer at a time. */
const CHUNK_LENGTH = 64 * 1024;

/** A file of JSON: the metrics as they stand, or a line for each time that they were looked at. */
export class JsonFileDestination implements PushDestination {
  readonly name = 'json';
  readonly local = true;
  readonly supersedes: boolean;
  /** What was looked at last. */
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

  /** The text is only made when it is written, in turn with everything else that the process does. */
  encode({ snapshot }: MetricsInterval): PushRequest[] {
    this.latest = snapshot;
    let bytes = 0;
    let points = 0;
    for (const { numbers, stride } of snapshot.families) {
      bytes += numbers.byteLength;
      points += numbers.length / stride;
    }
    return [{ payload: snapshot, bytes, points }];
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void> {
    if (this.writing !== undefined) throw new Error('the last write has not ended yet');
    const pieces = await piecesOf(request.payload as MetricsSnapshot);
    signal.throwIfAborted();
    this.writing = this.file.write(pieces, signal).finally(() => (this.writing = undefined));
    try {
      await this.writing;
    } catch (error) {
      throw new PushError(this.explain(error), 'retry', undefined, { cause: error });
    }
  }

  private explain(error: unknown): string {
    const { code, syscall, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' && syscall === 'open' ? `the folder ${dirname(this.path)} does not exist` : message;
    return `${this.path} cannot be written: ${why}`;
  }
}

async function piecesOf(snapshot: MetricsSnapshot): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  let chunk = '';
  let sliceStart = performance.now();
  for (const text of jsonText(snapshot)) {
    chunk += text;
    if (chunk.length < CHUNK_LENGTH) continue;
    pieces.push(Buffer.from(chunk));
    chunk = '';
    if (performance.now() - sliceStart > SLICE_MS) {
      await new Promise((resolve) => setImmediate(resolve));
      sliceStart = performance.now();
    }
  }
  pieces.push(Buffer.from(chunk));
  return pieces;
}
