import { GrowingBuffer } from '../growing-buffer.js';

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
export class JsonWriter extends GrowingBuffer {
  /** Writes a text as it is, which has only characters of ASCII. */
  raw(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes, end } = this;
    // Faster than a call of the runtime for texts of this length.
    for (let i = 0; i < length; i++) bytes[end + i] = text.charCodeAt(i);
    this.end = end + length;
  }

  /** Writes a string. Lone surrogates, which are no valid UTF-8, become U+FFFD. */
  string(text: string): void {
    const { length } = text;
    this.reserve(length + 2);
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

  private escaped(text: string): void {
    const json = JSON.stringify(text.toWellFormed());
    const size = MAX_CHARACTER_BYTES * json.length;
    this.reserve(size);
    this.end += this.bytes.write(json, this.end);
  }
}
