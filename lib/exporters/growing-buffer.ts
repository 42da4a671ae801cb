/** Factor of growth, so that most writes ask once whether there is room. */
const GROWTH = 2;

/** Bytes that a writer appends to, in a buffer that grows and is used again after {@link take} or {@link clear}. */
export abstract class GrowingBuffer {
  protected bytes: Buffer;
  /** Number of bytes written. */
  protected end = 0;

  /** @param capacity the initial size of the buffer, in bytes */
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(capacity, 16));
  }

  /** Returns a copy of what was written, and begins anew. */
  take(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.end);
    this.bytes.copy(copy, 0, 0, this.end);
    this.end = 0;
    return copy;
  }

  /** Discards what was written. */
  clear(): void {
    this.end = 0;
  }

  /** Makes room for more bytes. */
  protected reserve(size: number): void {
    if (this.end + size > this.bytes.length) this.grow(size);
  }

  /** Replaces the buffer by a larger one with the same bytes. */
  protected grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.end + size, GROWTH * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.end);
    this.bytes = grown;
  }
}
