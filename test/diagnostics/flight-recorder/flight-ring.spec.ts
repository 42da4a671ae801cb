import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import {
  emptyRing,
  encodeSign,
  encodeSlot,
  FOREIGN,
  positionOf,
  readRing,
  SIGN_BYTES,
  SIGN_POSITION,
  SLOT_BYTES,
  TEXT_BYTES,
} from '../../../lib/diagnostics/flight-recorder/flight-ring.js';

const BYTES = 8 * SLOT_BYTES;

/** Returns a file with slots of these numbers, each with its number as text. */
function ringWith(sequences: readonly number[], bytes = BYTES): Buffer {
  const ring = emptyRing(bytes);
  const slot = Buffer.alloc(SLOT_BYTES);
  for (const sequence of sequences) {
    encodeSlot(slot, sequence, `text ${sequence}`);
    slot.copy(ring, positionOf(sequence, bytes));
  }
  return ring;
}

const read = (content: Buffer): unknown => {
  const ring = readRing(content);
  return ring === FOREIGN
    ? 'foreign'
    : { sequences: ring.slots.map(({ sequence }) => sequence), isTorn: ring.isTorn };
};

describe('the file of the flight recorder', () => {
  it('has as many slots as fit, the last of which stay', () => {
    const all = Array.from({ length: 20 }, (_, i) => i + 1);
    expect(read(ringWith(all))).toEqual({ sequences: [14, 15, 16, 17, 18, 19, 20], isTorn: false });
    expect(emptyRing(BYTES + 100)).toHaveLength(BYTES);
    expect(read(emptyRing(BYTES))).toEqual({ sequences: [], isTorn: false });
  });

  it('is text, with a line for each slot', () => {
    const lines = ringWith([1, 2]).toString().trimEnd().split('\n');
    expect(lines[0]?.trimEnd()).toBe('nestjs-monitoring flight recorder 3 4096 8');
    expect(lines[2]?.trimEnd()).toMatch(/^000000000001 [0-9a-f]{8} text 1$/);
  });

  it('has the last sign of life at the end of a line, which may be written at any time', () => {
    const ring = ringWith([1, 2]);
    const sign = Buffer.alloc(SIGN_BYTES);
    const signs = (): unknown => {
      const found = readRing(ring);
      return found === FOREIGN ? found : found.slots.map((slot) => slot.sign);
    };
    expect(signs()).toEqual([undefined, undefined]);
    for (const time of [1_800_000_000_500, 1_800_000_000_999]) {
      encodeSign(sign, { time, oldSpaceBytes: 40_000_000 });
      sign.copy(ring, positionOf(2, BYTES) + SIGN_POSITION);
      expect(signs()).toEqual([undefined, { time, oldSpaceBytes: 40_000_000 }]);
    }
    expect(read(ring)).toEqual({ sequences: [1, 2], isTorn: false });
    for (const odd of [NaN, -1, 0.5, 1e300]) {
      for (const given of [
        { time: odd, oldSpaceBytes: 1 },
        { time: 1, oldSpaceBytes: odd },
      ]) {
        encodeSign(sign, given);
        sign.copy(ring, positionOf(2, BYTES) + SIGN_POSITION);
        expect(signs()).toEqual([undefined, undefined]);
      }
    }
    ring.fill('x', positionOf(2, BYTES) + SIGN_POSITION, positionOf(2, BYTES) + SLOT_BYTES);
    expect(signs()).toEqual([undefined, undefined]);
  });

  it('takes no text that is too long', () => {
    const slot = Buffer.alloc(SLOT_BYTES);
    expect(encodeSlot(slot, 1, 'x'.repeat(TEXT_BYTES))).toBe(true);
    expect(encodeSlot(slot, 1, 'ü'.repeat(TEXT_BYTES / 2 + 1))).toBe(false);
  });

  it('is read without the slots that were written in part', () => {
    const torn = ringWith([1, 2, 3]);
    torn.fill(0, positionOf(3, BYTES) + 15, positionOf(3, BYTES) + 100);
    expect(read(torn)).toEqual({ sequences: [1, 2], isTorn: true });
    const lost = ringWith([1, 2, 3]);
    lost.fill(0, positionOf(3, BYTES), positionOf(3, BYTES) + SLOT_BYTES);
    expect(read(lost)).toEqual({ sequences: [1, 2], isTorn: true });
  });

  it('is read up to where it was cut, wherever that is', () => {
    const whole = ringWith([1, 2, 3]);
    expect(read(whole.subarray(0, 3 * SLOT_BYTES + 7))).toEqual({ sequences: [1], isTorn: true });
    for (let length = 1; length < whole.length; length += 97) {
      expect(read(whole.subarray(0, length))).toMatchObject({ isTorn: true });
    }
    expect(read(Buffer.concat([whole, whole]))).toEqual({ sequences: [1, 2, 3], isTorn: true });
    expect(read(Buffer.alloc(0))).toEqual({ sequences: [], isTorn: false });
    expect(read(Buffer.alloc(BYTES))).toEqual({ sequences: [], isTorn: true });
  });

  it('counts no slot that is where it cannot be', () => {
    const moved = ringWith([1, 2, 3]);
    moved.copyWithin(5 * SLOT_BYTES, positionOf(3, BYTES), positionOf(3, BYTES) + SLOT_BYTES);
    expect(read(moved)).toEqual({ sequences: [1, 2, 3], isTorn: false });
  });

  it('is another file if it has another title, version or size of slots', () => {
    for (const [from, to] of [
      ['recorder 3', 'recorder 2'],
      [' 4096 ', ' 8192 '],
      ['nestjs', 'NestJS'],
    ] as const) {
      const other = emptyRing(BYTES);
      other.write(other.toString('latin1', 0, 100).replace(from, to));
      expect(read(other)).toBe('foreign');
    }
    expect(read(Buffer.from('a diary'))).toBe('foreign');
    for (let i = 0; i < 50; i++) expect(read(randomBytes(BYTES))).toBe('foreign');
  });

  it('is read whatever its bytes are', () => {
    for (let i = 0; i < 300; i++) {
      const hostile = ringWith([1, 2, 3, 4]);
      randomBytes(1 + (i % 200)).copy(hostile, (i * 97) % hostile.length);
      expect(() => readRing(hostile)).not.toThrow();
    }
  });
});
