import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { ProtobufWriter } from '../../../lib/exporters/protobuf/protobuf-writer.js';
import { anyText } from '../../support/any-text.js';

const { Reader } = protobuf;

/** The reference for integers of 64 bits, which protobufjs reads as numbers only up to 2 ** 53. */
function varintOf(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

function written(write: (writer: ProtobufWriter) => void): Buffer {
  const writer = new ProtobufWriter(0);
  write(writer);
  expect(writer.length).toBe(writer.take().length);
  write(writer);
  return writer.take();
}

/** Bounds of the number of bytes are as likely as any other value. */
const edges = [0, 1, 63, 64, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1];
const unsigned = fc.oneof(fc.constantFrom(...edges), fc.maxSafeNat());
const signed = fc.tuple(unsigned, fc.boolean()).map(([value, negative]) => (negative ? -value : value));
const text = fc.oneof(anyText(), fc.string({ unit: 'grapheme', maxLength: 200 }));

const schema = protobuf
  .parse(
    `
  syntax = "proto2";
  message Field {
    optional uint64 u = 1; optional int64 i = 2; optional sint64 s = 3; optional bool b = 15; optional double d = 16;
    optional string t = 17; optional bytes y = 2048; repeated Field children = 6;
    repeated double doubles = 7 [packed = true]; repeated uint64 uints = 8 [packed = true];
    repeated sint64 sints = 536870911 [packed = true];
  }`,
  )
  .root.lookupType('Field');

interface Field {
  readonly u?: number;
  readonly i?: number;
  readonly s?: number;
  readonly b?: boolean;
  readonly d?: number;
  readonly t?: string;
  readonly y?: Uint8Array;
  readonly children?: readonly Field[];
  readonly doubles?: readonly number[];
  readonly uints?: readonly number[];
  readonly sints?: readonly number[];
}

const { field } = fc.letrec<{ field: Field }>((tie) => ({
  field: fc.record(
    {
      u: unsigned,
      i: signed,
      s: signed,
      b: fc.boolean(),
      d: fc.double(),
      t: text.map((given) => given.toWellFormed()),
      y: fc.uint8Array({ maxLength: 300 }),
      children: fc.array(tie('field'), { minLength: 1, maxLength: 2 }),
      doubles: fc.array(fc.double(), { minLength: 1, maxLength: 40 }),
      uints: fc.array(unsigned, { minLength: 1 }),
      sints: fc.array(signed, { minLength: 1, maxLength: 60 }),
    },
    { requiredKeys: [] },
  ),
}));

function writeField(writer: ProtobufWriter, given: Field): void {
  if (given.u !== undefined) writer.uint(1, given.u);
  if (given.i !== undefined) writer.int(2, given.i);
  if (given.s !== undefined) writer.sint(3, given.s);
  if (given.b !== undefined) writer.bool(15, given.b);
  if (given.d !== undefined) writer.double(16, given.d);
  if (given.t !== undefined) writer.string(17, given.t);
  if (given.y !== undefined) writer.binary(2_048, given.y);
  for (const child of given.children ?? []) {
    const start = writer.open(6);
    writeField(writer, child);
    writer.close(start);
  }
  writer.packedDoubles(7, given.doubles ?? []);
  writer.packedUints(8, given.uints ?? []);
  writer.packedSints(536_870_911, given.sints ?? []);
}

/** Numbers as protobufjs decodes them, which knows no negative zero in an integer. */
function plain(given: Field): unknown {
  const zero = (value: number) => (value === 0 ? 0 : value);
  return {
    ...given,
    ...(given.i !== undefined && { i: zero(given.i) }),
    ...(given.s !== undefined && { s: zero(given.s) }),
    ...(given.y !== undefined && { y: Buffer.from(given.y) }),
    ...(given.sints !== undefined && { sints: given.sints.map(zero) }),
    ...(given.children !== undefined && { children: given.children.map(plain) }),
  };
}

describe('a protobuf message', () => {
  it('is decoded by protobufjs to what was written, however it is nested', () => {
    fc.assert(
      fc.property(field, (given) => {
        const bytes = written((writer) => writeField(writer, given));
        const decoded = schema.toObject(schema.decode(bytes), { longs: Number });
        expect(decoded).toEqual(plain(given));
      }),
      { numRuns: 300 },
    );
  });

  it('has varints in their shortest form, as the reference arithmetic of 64 bits', () => {
    fc.assert(
      fc.property(unsigned, signed, (u, i) => {
        expect([...written((writer) => writer.putUint(u))]).toEqual(varintOf(BigInt(u)));
        expect([...written((writer) => writer.putInt(i))]).toEqual(varintOf(BigInt(i)));
        const zigzag = (BigInt(i) << 1n) ^ (BigInt(i) >> 63n);
        expect([...written((writer) => writer.putSint(i))]).toEqual(varintOf(zigzag));
      }),
    );
    // Counts in a float may exceed what a number counts exactly.
    for (const large of [2 ** 53, 2 ** 60 + 2 ** 20, 2 ** 64 - 2_048])
      expect([...written((writer) => writer.putUint(large))]).toEqual(varintOf(BigInt(large)));
  });

  it('contains valid UTF-8 whatever the text', () => {
    for (const [given, expected] of [
      ['\ud800', '\ufffd'],
      [`${'a'.repeat(64)}\udc00`, `${'a'.repeat(64)}\ufffd`],
      ['é'.repeat(63), 'é'.repeat(63)],
      ['😀'.repeat(5_000), '😀'.repeat(5_000)],
    ] as const) {
      const reader = Reader.create(written((writer) => writer.string(1, given)));
      expect(reader.uint32()).toBe((1 << 3) | 2);
      expect(reader.string()).toBe(expected);
      expect(reader.pos).toBe(reader.len);
    }
  });

  it('can be one of a stream, each with its length before it', () => {
    const lengths = [0, 1, 127, 128, 16_383, 16_384, 300_000];
    const bytes = written((writer) => {
      for (const length of lengths) {
        const start = writer.openDelimited();
        writer.raw(Buffer.alloc(length, 7));
        writer.close(start);
      }
    });
    const reader = Reader.create(bytes);
    for (const length of lengths) expect(Buffer.from(reader.bytes())).toEqual(Buffer.alloc(length, 7));
    expect(reader.pos).toBe(reader.len);
  });

  it('is the same for an array of 32 bits as for any other', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 200 }), (values) => {
        const bytes = written((writer) => writer.packedSints(3, Int32Array.from(values)));
        expect(bytes).toEqual(written((writer) => writer.packedSints(3, values)));
      }),
    );
  });

  it('is the same in one call as in four', () => {
    fc.assert(
      fc.property(fc.oneof(unsigned, fc.constant(2 ** 60)), fc.double(), (count, bound) => {
        const inOne = written((writer) => writer.uintAndDouble(3, 1, count, 2, bound));
        const inFour = written((writer) => {
          const start = writer.open(3);
          writer.uint(1, count);
          writer.double(2, bound);
          writer.close(start);
        });
        expect(inOne).toEqual(inFour);
      }),
    );
    const writer = new ProtobufWriter();
    for (const given of [-1, 0.5, NaN])
      expect(() => writer.uintAndDouble(3, 1, given, 2, 0)).toThrow(RangeError);
  });

  it.each([NaN, Infinity, -Infinity, 0.5, -0.5])('refuses %p as an integer', (value) => {
    const writer = new ProtobufWriter();
    for (const put of ['putUint', 'putInt', 'putSint'] as const)
      expect(() => writer[put](value)).toThrow(`integer`);
  });

  it('writes integers of 64 fixed bits, alone, packed, and by their halves', () => {
    fc.assert(
      fc.property(fc.array(unsigned), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (values, large) => {
        const bytes = written((writer) => {
          for (const value of values) writer.fixed64(1, value);
          writer.packedFixed64(2, values);
          writer.fixed64Halves(3, Number(large >> 32n), Number(large & 0xffff_ffffn));
        });
        const reader = Reader.create(bytes);
        const next = (): bigint => {
          const at = reader.pos;
          reader.skip(8);
          return bytes.readBigUInt64LE(at);
        };
        for (const value of values) {
          expect(reader.uint32()).toBe((1 << 3) | 1);
          expect(next()).toBe(BigInt(value));
        }
        if (values.length > 0) {
          expect(reader.uint32()).toBe((2 << 3) | 2);
          expect(reader.uint32()).toBe(8 * values.length);
          for (const value of values) expect(next()).toBe(BigInt(value));
        }
        expect(reader.uint32()).toBe((3 << 3) | 1);
        expect(next()).toBe(large);
        expect(reader.pos).toBe(reader.len);
      }),
    );
  });

  it('refuses an integer that its type does not have', () => {
    const writer = new ProtobufWriter();
    for (const value of [-1, 2 ** 64, 0.5, NaN, Infinity]) {
      expect(() => writer.fixed64(1, value)).toThrow('must be an integer in [0, 2 ** 64)');
    }
    expect(() => writer.putUint(-1)).toThrow('A protobuf number must be an integer in [0, 2 ** 64); got -1');
    expect(() => writer.putUint(2 ** 64)).toThrow(RangeError);
    expect(() => writer.putInt(2 ** 53)).toThrow('must be a safe integer');
    expect(() => writer.putSint(-(2 ** 53))).toThrow(RangeError);
  });

  it('is written anew after one that was discarded', () => {
    const writer = new ProtobufWriter();
    writer.string(1, 'left over');
    writer.clear();
    writer.uint(1, 5);
    expect([...writer.take()]).toEqual([8, 5]);
    expect(writer.take()).toHaveLength(0);
  });

  it('that was taken is not changed by the next', () => {
    const writer = new ProtobufWriter();
    writer.uint(1, 5);
    const first = writer.take();
    writer.uint(1, 6);
    expect([...first]).toEqual([8, 5]);
  });
});
