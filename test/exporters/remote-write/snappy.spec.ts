import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import snappy from 'snappyjs';
import { decompressSnappy, SnappyCompressor } from '../../../lib/exporters/remote-write/snappy.js';

const compressor = new SnappyCompressor();

/** Checks that a compressed block is read as what it was, by another implementation and by this one. */
function expectReadable(input: Uint8Array): Buffer {
  const compressed = compressor.compress(input);
  expect(Buffer.compare(Buffer.from(snappy.uncompress(compressed)), input)).toBe(0);
  expect(Buffer.compare(decompressSnappy(compressed), input)).toBe(0);
  return compressed;
}

/** Bytes that repeat at some distance, with others between. */
const repetitive = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.record({ distance: fc.integer({ min: 1, max: 70_000 }), length: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ noise: fc.integer({ min: 1, max: 70_000 }) }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => {
    let bytes = Buffer.alloc(0);
    for (const part of parts) {
      if (part instanceof Uint8Array) bytes = Buffer.concat([bytes, part]);
      else if ('noise' in part) bytes = Buffer.concat([bytes, noise(part.noise)]);
      else {
        const from = Math.max(0, bytes.length - part.distance);
        bytes = Buffer.concat([bytes, bytes.subarray(from, from + part.length)]);
      }
    }
    return bytes;
  });

/** Bytes without repetitions, always the same. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

describe('the compressor', () => {
  it('writes what every reader of the format reads, whatever repeats', () => {
    fc.assert(fc.property(repetitive, (input) => void expectReadable(input)));
  });

  it.each([0, 1, 3, 4, 5, 59, 60, 61, 62, 255, 256, 257, 258, 65_535, 65_536, 65_537, 131_073])(
    'writes %i bytes, equal or random',
    (length) => {
      expectReadable(Buffer.alloc(length, 'a'));
      expect(expectReadable(randomBytes(length)).length).toBeLessThanOrEqual(
        32 + length + Math.floor(length / 6),
      );
    },
  );

  it('has room for the input that grows most', () => {
    // A literal of 61 bytes takes two more, and the shortest copy from afar saves one.
    const pieces: Buffer[] = [noise(60_000)];
    for (let i = 0; i < 500; i++) pieces.push(randomBytes(61), pieces[0]!.subarray(i * 16, i * 16 + 4));
    expectReadable(Buffer.concat(pieces));
  });

  it('makes the labels of series a tenth', () => {
    const series = Array.from(
      { length: 2_000 },
      (_, i) => `__name__http_requests_total instance web-1 job shop method GET route /deals/${i}`,
    );
    const input = Buffer.from(series.join('\n'));
    expect(expectReadable(input).length).toBeLessThan(input.length / 8);
  });

  it('does not keep the memory of the input', () => {
    expect(compressor.compress(Buffer.alloc(100_000)).buffer.byteLength).toBeLessThan(20_000);
  });
});

describe('the decompressor', () => {
  it('reads what others wrote', () => {
    fc.assert(
      fc.property(repetitive, (input) => {
        expect(Buffer.compare(decompressSnappy(Buffer.from(snappy.compress(input))), input)).toBe(0);
      }),
    );
  });

  it('refuses anything else, and claims no memory for it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (input) => {
        try {
          expect(decompressSnappy(input).length).toBeLessThanOrEqual(64 * input.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, number[]]>([
    ['nothing', []],
    ['a length without an end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['more than there can be', [0xff, 0xff, 0xff, 0xff, 0x0f, 0x00]],
    ['a literal that ends early', [4, 0x0c, 1]],
    ['a copy before the beginning', [8, 0x00, 1, 0x01, 2]],
    ['too little', [4, 0x00, 1]],
    ['too much', [1, 0x04, 1, 2]],
  ])('refuses %s', (_, bytes) => {
    expect(() => decompressSnappy(Uint8Array.from(bytes))).toThrow(RangeError);
  });
});
