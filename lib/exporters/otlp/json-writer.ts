/** Room that is made at once for what has a bound, so that most texts ask once whether there is room. */
const GROWTH = 2;
/** The most bytes of a character of UTF-16 in UTF-8. */
const MAX_CHARACTER_BYTES = 3;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const LAST_PRINTABLE = 0x7e;

/**
 * A writer of JSON as bytes, into a buffer that grows and is used again. Texts of some MB that are put together of millions
 * of short ones took twice as long, most of it for the collection of garbage.
 */
export class JsonWriter {
  private bytes: Buffer;
  private end = 0;

  /** @param capacity the initial size of the buffer, in bytes */
  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(capacity, 16));
  }

  /** Writes a text as it is, which has only characters of ASCII. */
  raw(text: string): void {
    const { length } = text;
    if (this.end + length > this.bytes.length) this.grow(length);
    const { bytes, end } = this;
    // Faster than a call of the runtime for texts of this length.
    for (let i = 0; i < length; i++) bytes[end + i] = text.charCodeAt(i);
    this.end = end + length;
  }

  /** Writes a string. Lone surrogates, which are no valid UTF-8, become U+FFFD. */
  string(text: string): void {
    const { length } = text;
    if (this.end + length + 2 > this.bytes.length) this.grow(length + 2);
    const { bytes } = this;
    const start = this.end + 1;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < FIRST_PRINTABLE || code > LAST_PRINTABLE || code === QUOTE || code === BACKSLASH) {
        this.escaped(text);
        return;
      }
      bytes[start + i] = code;
    }
    bytes[start - 1] = QUOTE;
    bytes[start + length] = QUOTE;
    this.end = start + length + 1;
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

  private escaped(text: string): void {
    const json = JSON.stringify(text.toWellFormed());
    const size = MAX_CHARACTER_BYTES * json.length;
    if (this.end + size > this.bytes.length) this.grow(size);
    this.end += this.bytes.write(json, this.end);
  }

  private grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.end + size, GROWTH * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.end);
    this.bytes = grown;
  }
}
