/** A copy refers to what is at most this far behind, so that its offset fits two bytes. */
const BLOCK_BYTES = 65_536;
/** The length and the tags of the first literals. */
const OVERHEAD_BYTES = 32;
const HASH_BITS = 14;
/** Multiplier of the hash of four bytes: 2 ** 32 divided by the golden ratio, which spreads neighbouring values. */
const HASH_FACTOR = 0x9e37_79b1;
/** A match is searched for up to this distance from the end of a block, so that four bytes can be read. */
const MARGIN = 4;
/** Number of failed searches after which the next ones skip a byte more each, as in data that does not repeat. */
const SEARCHES_PER_SKIP = 32;

/** The two lowest bits of the tag of an element. */
const LITERAL = 0;
const SHORT_COPY = 1;
const COPY = 2;
const MAX_COPY = 64;
/** Length from which the copy of a literal by the runtime is faster than a loop. */
const LONG_LITERAL = 24;

/**
 * A compressor for the block format of Snappy, which remote write requires. Its table of 32 kB is allocated once.
 *
 * It is not a dependency: the packages with a native part have binaries to load, and snappyjs, with which the tests compare
 * every result, has had no release since 2024. The format is final, and the sizes are the same.
 *
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
export class SnappyCompressor {
  private readonly table = new Uint16Array(1 << HASH_BITS);

  /** Returns the bytes in the block format; they are at most a sixth and {@link OVERHEAD_BYTES} longer than the input. */
  compress(input: Uint8Array): Buffer {
    const { length } = input;
    const output = Buffer.allocUnsafeSlow(OVERHEAD_BYTES + length + Math.floor(length / 6));
    let end = putLength(output, length);
    const view = new DataView(input.buffer, input.byteOffset, length);
    for (let start = 0; start < length; start += BLOCK_BYTES) {
      end = this.compressBlock(input, view, start, Math.min(start + BLOCK_BYTES, length), output, end);
    }
    // A copy, since a view would keep the whole buffer.
    return Buffer.from(output.subarray(0, end));
  }

  private compressBlock(
    input: Uint8Array,
    view: DataView,
    start: number,
    stop: number,
    output: Buffer,
    outputStart: number,
  ): number {
    const { table } = this;
    const searchEnd = stop - MARGIN;
    let end = outputStart;
    /** Beginning of what is not written yet. */
    let pending = start;
    // Positions in the table are relative to the block; 0 is none, so that the first byte is never a match.
    table.fill(0);
    let at = start + 1;
    let failures = SEARCHES_PER_SKIP;
    while (at <= searchEnd) {
      const four = view.getInt32(at, true);
      const hash = Math.imul(four, HASH_FACTOR) >>> (32 - HASH_BITS);
      const candidate = start + table[hash]!;
      table[hash] = at - start;
      if (candidate === start || view.getInt32(candidate, true) !== four) {
        at += Math.floor(failures++ / SEARCHES_PER_SKIP);
        continue;
      }
      let matched = 4;
      while (at + matched < stop && input[at + matched] === input[candidate + matched]) matched++;
      if (at > pending) end = putLiteral(input, pending, at, output, end);
      end = putCopy(output, end, at - candidate, matched);
      at += matched;
      pending = at;
      failures = SEARCHES_PER_SKIP;
    }
    return pending < stop ? putLiteral(input, pending, stop, output, end) : end;
  }
}

/**
 * Returns the bytes that {@link SnappyCompressor} compressed.
 *
 * @throws {RangeError} for anything that is not in the block format
 */
export function decompressSnappy(input: Uint8Array): Buffer {
  let at = 0;
  const next = (): number => {
    const byte = input[at++];
    if (byte === undefined) throw new RangeError('A Snappy block ends early.');
    return byte;
  };
  let length = 0;
  let byte = next();
  let factor = 1;
  for (; byte > 0x7f && factor < 2 ** 28; factor *= 128, byte = next()) length += (byte & 0x7f) * factor;
  length += byte * factor;
  // No element of three bytes is longer than a copy.
  if (length > input.length * MAX_COPY) throw new RangeError(`A Snappy block claims ${length} bytes.`);
  const output = Buffer.allocUnsafeSlow(length);
  let end = 0;
  while (at < input.length) {
    const tag = next();
    const kind = tag & 3;
    if (kind === LITERAL) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const bytes = size - 60;
        size = 1;
        for (let i = 0; i < bytes; i++) size += next() * 256 ** i;
      }
      if (at + size > input.length || end + size > length)
        throw new RangeError('A Snappy literal is too long.');
      output.set(input.subarray(at, at + size), end);
      at += size;
      end += size;
      continue;
    }
    const size = kind === SHORT_COPY ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = kind === SHORT_COPY ? ((tag >>> 5) << 8) | next() : next() | (next() << 8);
    const isValid = kind <= COPY && offset > 0 && offset <= end && end + size <= length;
    if (!isValid) throw new RangeError('A Snappy copy is invalid.');
    // Byte by byte, since a copy may repeat what it has just written.
    for (const stop = end + size; end < stop; end++) output[end] = output[end - offset]!;
  }
  if (end !== length) throw new RangeError('A Snappy block is incomplete.');
  return output;
}

function putLength(output: Buffer, length: number): number {
  let end = 0;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) output[end++] = (rest & 0x7f) | 0x80;
  output[end++] = rest;
  return end;
}

function putLiteral(input: Uint8Array, start: number, stop: number, output: Buffer, at: number): number {
  const size = stop - start;
  let end = at;
  if (size <= 60) output[end++] = ((size - 1) << 2) | LITERAL;
  else if (size <= 256) {
    output[end++] = (60 << 2) | LITERAL;
    output[end++] = size - 1;
  } else {
    output[end++] = (61 << 2) | LITERAL;
    output[end++] = (size - 1) & 0xff;
    output[end++] = (size - 1) >>> 8;
  }
  if (size < LONG_LITERAL) for (let i = 0; i < size; i++) output[end + i] = input[start + i]!;
  else output.set(input.subarray(start, stop), end);
  return end + size;
}

function putCopy(output: Buffer, at: number, offset: number, size: number): number {
  let end = at;
  let rest = size;
  while (rest > 0) {
    // The last piece of a long copy is left at least four bytes, which a short copy needs.
    const piece = rest > MAX_COPY + 3 ? MAX_COPY : rest > MAX_COPY ? MAX_COPY - 4 : rest;
    if (piece < 12 && offset < 2048) {
      output[end++] = ((offset >>> 8) << 5) | ((piece - 4) << 2) | SHORT_COPY;
      output[end++] = offset & 0xff;
    } else {
      output[end++] = ((piece - 1) << 2) | COPY;
      output[end++] = offset & 0xff;
      output[end++] = offset >>> 8;
    }
    rest -= piece;
  }
  return end;
}
