import { Writable } from 'node:stream';
import type { RemoteMood } from '../push/exporter.contract.js';
import { complaintsAbout, type ExtractedMetric, extracted } from './embedded-format.js';

type Done = (error?: Error | null) => void;

/**
 * A standard output whose lines CloudWatch reads. It fails as `process.stdout` does: a write fails, an `error` is
 * emitted, and the stream is there for the next write.
 */
export class EmbeddedLog extends Writable {
  readonly lines: string[] = [];
  readonly chunks: string[] = [];
  readonly complaints: string[] = [];
  attempts = 0;
  private currentMood: RemoteMood = 'takes';
  private readonly held: (() => void)[] = [];

  constructor() {
    super({ decodeStrings: false, emitClose: false });
  }

  get mood(): RemoteMood {
    return this.currentMood;
  }

  set mood(mood: RemoteMood) {
    this.currentMood = mood;
    if (mood === 'hangs') return;
    for (const go of this.held.splice(0)) go();
  }

  /** What CloudWatch extracts from all lines. */
  get metrics(): ExtractedMetric[] {
    return this.lines.flatMap((line) => extracted(line));
  }

  override _write(chunk: string, _encoding: string, done: Done): void {
    this.attempts++;
    this.decide(chunk, done);
  }

  override _destroy(error: Error | null, done: Done): void {
    done(error);
    (this as unknown as { _undestroy(): void })._undestroy();
  }

  private decide(chunk: string, done: Done): void {
    if (this.mood === 'fails') {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    } else if (this.mood === 'hangs') {
      this.held.push(() => this.decide(chunk, done));
    } else {
      this.take(chunk);
      if (this.mood === 'answers too late') this.held.push(() => done());
      else done();
    }
  }

  private take(chunk: string): void {
    this.chunks.push(chunk);
    if (!chunk.endsWith('\n')) this.complaints.push('a line without an end');
    for (const line of chunk.slice(0, -1).split('\n')) {
      this.lines.push(line);
      this.complaints.push(...complaintsAbout(line));
    }
  }
}
