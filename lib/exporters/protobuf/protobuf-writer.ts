import { GrowingBuffer } from '../growing-buffer.js';

/** The types of a field on the wire, of which a tag has the lowest three bits. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

/** Largest number of bytes of a tag, a varint and a length. */
const MAX_TAG_BYTES = 5;
const MAX_VARINT_BYTES = 10;
const MAX_LENGTH_BYTES = 5;
/** Length up to which a text is first tried as ASCII, in a loop that is faster than a call of the runtime. */
const SHORT_TEXT = 64;

/**
 * A writer of protobuf messages into a buffer that grows. Fields are written in the order of the calls, with defaults
 * too: which of them to omit is the decision of the caller. After {@link take} or {@link clear} it is used again, so
 * that a message allocates nothing but its own copy.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export class ProtobufWriter extends GrowingBuffer {
  private view: DataView;

  /** @param capacity the initial size of the buffer, in bytes */
  constructor(capacity = 1_024) {
    super(capacity);
    this.view = viewOf(this.bytes);
  }

  /** Number of bytes written. */
  get length(): number {
    return this.end;
  }

  /** Writes a field of the type uint32, uint64 or enum. @throws {RangeError} unless it is an integer in [0, 2 ** 64) */
  uint(field: number, value: number): void {
    this.tag(field, VARINT);
    this.putUint(value);
  }

  /** Writes a field of the type int32 or int64. @throws {RangeError} unless it is a safe integer */
  int(field: number, value: number): void {
    this.tag(field, VARINT);
    this.putInt(value);
  }

  /** Writes a field of the type sint32 or sint64. @throws {RangeError} unless it is a safe integer */
  sint(field: number, value: number): void {
    this.tag(field, VARINT);
    this.putSint(value);
  }

  /** Writes a field of the type bool. */
  bool(field: number, value: boolean): void {
    this.tag(field, VARINT);
    this.bytes[this.end++] = value ? 1 : 0;
  }

  /** Writes a field of the type double. */
  double(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.putDouble(value);
  }

  /** Writes a field of the type fixed64. @throws {RangeError} unless it is an integer in [0, 2 ** 64) */
  fixed64(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.putFixed64(value);
  }

  /** Writes a field of the type fixed64 from its higher and its lower 32 bits, for values above those of a number. */
  fixed64Halves(field: number, high: number, low: number): void {
    this.tag(field, FIXED64);
    this.putHalves(high, low);
  }

  /** Writes a field of the type string. A lone surrogate becomes U+FFFD, since the text must be valid UTF-8. */
  string(field: number, text: string): void {
    this.tag(field, LENGTH_DELIMITED);
    const { length } = text;
    if (length <= SHORT_TEXT && this.putAscii(text)) return;
    const size = Buffer.byteLength(text);
    this.reserve(MAX_LENGTH_BYTES + size);
    this.putUint(size);
    this.bytes.write(text, this.end);
    this.end += size;
  }

  /** Writes a field of the type bytes, or a message that is already encoded. */
  binary(field: number, value: Uint8Array): void {
    this.tag(field, LENGTH_DELIMITED);
    this.putUint(value.length);
    this.raw(value);
  }

  /** Writes fields that are already encoded. */
  raw(fields: Uint8Array): void {
    this.reserve(fields.length);
    this.bytes.set(fields, this.end);
    this.end += fields.length;
  }

  /**
   * Writes a message of an unsigned integer and a double, all of whose fields have numbers below 16.
   *
   * @throws {RangeError} as {@link uint}
   */
  uintAndDouble(field: number, uintField: number, uint: number, doubleField: number, double: number): void {
    this.reserve(4 + MAX_VARINT_BYTES + 8);
    const { bytes, end: start } = this;
    bytes[start] = (field << 3) | LENGTH_DELIMITED;
    bytes[start + 2] = (uintField << 3) | VARINT;
    let end = start + 3;
    const small = uint | 0;
    if (small === uint && small >= 0) {
      let rest = small;
      for (; rest > 0x7f; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
      bytes[end++] = rest;
    } else {
      this.end = end;
      this.putUint(uint);
      ({ end } = this);
    }
    bytes[end] = (doubleField << 3) | FIXED64;
    this.view.setFloat64(end + 1, double, true);
    this.end = end + 9;
    bytes[start + 1] = end + 7 - start;
  }

  /** Writes fields that are a part of an array. */
  rawPart(source: Buffer, from: number, length: number): void {
    this.reserve(length);
    source.copy(this.bytes, this.end, from, from + length);
    this.end += length;
  }

  /** Copies what was written from a position on. */
  copyPart(from: number, target: Buffer, at: number): void {
    this.bytes.copy(target, at, from, this.end);
  }

  /**
   * Begins a message in a field, or a packed array, whose values are then written by {@link putUint} and its like.
   *
   * @param lengthBytes the expected size of its length; another one takes a move of the message
   * @returns the position to give to {@link close}
   */
  open(field: number, lengthBytes = 1): number {
    this.tag(field, LENGTH_DELIMITED);
    return (this.end += lengthBytes);
  }

  /** Begins a message that only its length precedes, as in a stream of delimited messages. */
  openDelimited(lengthBytes = 1): number {
    this.reserve(MAX_LENGTH_BYTES);
    return (this.end += lengthBytes);
  }

  /**
   * Ends what {@link open} or {@link openDelimited} began, the last one first.
   *
   * @param lengthBytes the same as at its beginning
   */
  close(start: number, lengthBytes = 1): void {
    const size = this.end - start;
    if (lengthBytes === 1 && size < 128) {
      this.bytes[start - 1] = size;
      return;
    }
    const needed = sizeOfVarint(size);
    if (needed !== lengthBytes) {
      this.reserve(MAX_LENGTH_BYTES);
      this.bytes.copyWithin(start + needed - lengthBytes, start, this.end);
    }
    this.end = start - lengthBytes;
    this.putUint(size);
    this.end += size;
  }

  /** Writes a packed array of doubles; nothing for an empty one. */
  packedDoubles(field: number, values: ArrayLike<number>): void {
    if (values.length === 0) return;
    this.tag(field, LENGTH_DELIMITED);
    this.reserve(MAX_LENGTH_BYTES + 8 * values.length);
    this.putUint(8 * values.length);
    for (let i = 0; i < values.length; i++) this.putDouble(values[i]!);
  }

  /** Writes a packed array of fixed64; nothing for an empty one. @throws {RangeError} as {@link fixed64} */
  packedFixed64(field: number, values: ArrayLike<number>): void {
    if (values.length === 0) return;
    this.tag(field, LENGTH_DELIMITED);
    this.reserve(MAX_LENGTH_BYTES + 8 * values.length);
    this.putUint(8 * values.length);
    for (let i = 0; i < values.length; i++) this.putFixed64(values[i]!);
  }

  /** Writes a packed array of uint32 or uint64; nothing for an empty one. @throws {RangeError} as {@link uint} */
  packedUints(field: number, values: ArrayLike<number>): void {
    if (values.length === 0) return;
    const start = this.open(field);
    for (let i = 0; i < values.length; i++) this.putUint(values[i]!);
    this.close(start);
  }

  /**
   * Writes a packed array of sint32 or sint64; nothing for an empty one.
   *
   * @param size the number of values to write
   * @throws {RangeError} as {@link sint}
   */
  packedSints(field: number, values: ArrayLike<number>, size = values.length): void {
    if (size === 0) return;
    // Each value takes a byte at least.
    const lengthBytes = size < 128 ? 1 : 2;
    const start = this.open(field, lengthBytes);
    // Nothing below needs more room, so that the buffer stays the same.
    this.reserve(MAX_VARINT_BYTES * (size + 1) + 1);
    if (values instanceof Int32Array) this.putSmallSints(values, size);
    else this.putSints(values, size);
    this.close(start, lengthBytes);
  }

  /** Writes integers of 32 bits, for which there is room, in a loop that V8 makes of integers alone. */
  private putSmallSints(values: Int32Array, size: number): void {
    const { bytes } = this;
    let { end } = this;
    for (let i = 0; i < size; i++) {
      const value = values[i]!;
      let rest = (value << 1) ^ (value >> 31);
      for (; rest >>> 7 !== 0; rest >>>= 7) bytes[end++] = (rest & 0x7f) | 0x80;
      bytes[end++] = rest;
    }
    this.end = end;
  }

  /** Writes integers for which there is room. */
  private putSints(values: ArrayLike<number>, size: number): void {
    const { bytes } = this;
    let { end } = this;
    for (let i = 0; i < size; i++) {
      const value = values[i]!;
      const small = value | 0;
      // Most counts differ by less than 64 from that of the next bucket.
      if (small === value && small >= -64 && small < 64) bytes[end++] = (small << 1) ^ (small >> 31);
      else {
        this.end = end;
        this.putSint(value);
        ({ end } = this);
      }
    }
    this.end = end;
  }

  /** Writes an unsigned varint without a tag. @throws {RangeError} unless it is an integer in [0, 2 ** 64) */
  putUint(value: number): void {
    this.reserve(MAX_VARINT_BYTES);
    let rest = value;
    if (value >>> 0 !== value) {
      if (!Number.isInteger(value) || value < 0 || value >= 2 ** 64)
        throw notAn('an integer in [0, 2 ** 64)', value);
      // Divisions by a power of two are exact where shifts would cut at 32 bits.
      for (; rest > 0xffff_ffff; rest = Math.floor(rest / 128)) this.bytes[this.end++] = (rest % 128) | 0x80;
    }
    for (; rest > 0x7f; rest >>>= 7) this.bytes[this.end++] = (rest & 0x7f) | 0x80;
    this.bytes[this.end++] = rest;
  }

  /** Writes a signed varint in two's complement without a tag. @throws {RangeError} unless it is a safe integer */
  putInt(value: number): void {
    if (value >= 0) {
      this.putUint(safeInteger(value));
      return;
    }
    // The complement of the magnitude less one: all bits are inverted, and those above are ones.
    let rest = -(safeInteger(value) + 1);
    this.reserve(MAX_VARINT_BYTES);
    for (let i = 1; i < MAX_VARINT_BYTES; i++) {
      this.bytes[this.end++] = (~(rest % 128) & 0x7f) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.end++] = 1;
  }

  /** Writes a signed varint in zigzag encoding without a tag. @throws {RangeError} unless it is a safe integer */
  putSint(value: number): void {
    const sign = value < 0 ? 1 : 0;
    if ((value | 0) === value) {
      this.putUint(((value << 1) ^ (value >> 31)) >>> 0);
      return;
    }
    // The sign and the lowest six bits are the first byte, since the doubled value may be no exact number.
    const magnitude = sign === 1 ? -(safeInteger(value) + 1) : safeInteger(value);
    this.reserve(1 + MAX_VARINT_BYTES);
    this.bytes[this.end++] = ((magnitude % 64) << 1) | sign | 0x80;
    this.putUint(Math.floor(magnitude / 64));
  }

  /** Writes a double without a tag. */
  putDouble(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.end, value, true);
    this.end += 8;
  }

  private putFixed64(value: number): void {
    if (value >>> 0 === value) {
      this.putHalves(0, value);
      return;
    }
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 64) {
      throw notAn('an integer in [0, 2 ** 64)', value);
    }
    this.putHalves(Math.floor(value / 2 ** 32), value % 2 ** 32);
  }

  private putHalves(high: number, low: number): void {
    this.reserve(8);
    this.view.setUint32(this.end, low, true);
    this.view.setUint32(this.end + 4, high, true);
    this.end += 8;
  }

  private tag(field: number, type: number): void {
    // One more varint fits, so that most fields ask once whether there is room.
    this.reserve(MAX_TAG_BYTES + MAX_VARINT_BYTES);
    if (field < 16) this.bytes[this.end++] = (field << 3) | type;
    else this.putUint(field * 8 + type);
  }

  /** Writes the length and the characters of a short text; false, with nothing written, if not all of them are ASCII. */
  private putAscii(text: string): boolean {
    const { length } = text;
    this.reserve(1 + length);
    const start = this.end + 1;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return false;
      this.bytes[start + i] = code;
    }
    this.bytes[this.end] = length;
    this.end = start + length;
    return true;
  }

  protected override grow(size: number): void {
    super.grow(size);
    this.view = viewOf(this.bytes);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

function safeInteger(value: number): number {
  if (!Number.isSafeInteger(value)) throw notAn('a safe integer', value);
  return value;
}

function notAn(expected: string, value: number): RangeError {
  return new RangeError(`A protobuf number must be ${expected}; got ${value}`);
}
