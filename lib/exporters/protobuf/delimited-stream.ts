import { ProtobufWriter } from './protobuf-writer.js';

/** Size from which a chunk is complete: large enough to be efficient, small enough not to block the event loop. */
const CHUNK_BYTES = 32 * 1024;
const NONE = -1;

/**
 * A stream of messages, each with its length before it, in chunks. A message may be longer than a chunk: its length is
 * written when it ends.
 */
export class DelimitedStream {
  /** The writer of the current message. */
  readonly writer = new ProtobufWriter(2 * CHUNK_BYTES);
  private readonly chunks: Buffer[] = [];
  /** The position of the current message in the writer; NONE between messages, and if a part of it is in a chunk. */
  private start = NONE;
  /** The index of the chunk for the length of a message of which a part is in a chunk, and the bytes of its parts. */
  private lengthAt = NONE;
  private bytesInChunks = 0;

  /** Begins a message. */
  begin(): void {
    this.start = this.writer.openDelimited();
  }

  /**
   * Makes a chunk if there are enough bytes for one. It is called where the current message has no open field.
   *
   * @returns true if it has made one, which is the time to yield to the event loop
   */
  flush(): boolean {
    if (this.writer.length < CHUNK_BYTES) return false;
    const bytes = this.writer.take();
    if (this.lengthAt !== NONE) this.addPart(bytes);
    else if (this.start === NONE) this.chunks.push(bytes);
    else {
      // The length has been given one byte, which is not needed: it becomes a chunk of its own.
      this.chunks.push(bytes.subarray(0, this.start - 1));
      this.lengthAt = this.chunks.length;
      this.chunks.push(Buffer.alloc(0));
      this.addPart(bytes.subarray(this.start));
      this.start = NONE;
    }
    return true;
  }

  /** Ends a message. */
  end(): void {
    const { writer } = this;
    if (this.start !== NONE) writer.close(this.start);
    else {
      this.addPart(writer.take());
      writer.putUint(this.bytesInChunks);
      this.chunks[this.lengthAt] = writer.take();
    }
    this.start = NONE;
    this.lengthAt = NONE;
    this.bytesInChunks = 0;
  }

  /** Returns all chunks, after the last message. */
  finish(): Buffer[] {
    this.chunks.push(this.writer.take());
    return this.chunks.filter(({ length }) => length > 0);
  }

  private addPart(bytes: Buffer): void {
    this.chunks.push(bytes);
    this.bytesInChunks += bytes.length;
  }
}
