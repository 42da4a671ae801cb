import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { DelimitedStream } from '../../../lib/exporters/protobuf/delimited-stream.js';
import { delimitedMessages } from '../prometheus/protobuf-decoder.js';

/** Messages of fields, each field as long as given. */
const messages = fc.array(fc.array(fc.nat(40_000), { maxLength: 6 }), { maxLength: 8 });

/** A field of this length, tag and length not counted. */
function field(length: number): Buffer {
  return Buffer.alloc(length, length % 251);
}

describe('a stream of delimited messages', () => {
  it('has every message whole, in order, whatever their lengths and whenever it is flushed', () => {
    fc.assert(
      fc.property(messages, fc.boolean(), (all, between) => {
        const stream = new DelimitedStream();
        for (const lengths of all) {
          stream.begin();
          for (const length of lengths) {
            stream.writer.raw(field(length));
            stream.flush();
          }
          stream.end();
          if (between) stream.flush();
        }
        const expected = all.map((lengths) => Buffer.concat(lengths.map(field)));
        const chunks = stream.finish();
        expect(
          delimitedMessages(Buffer.concat(chunks)).map((each) => each.equals(expected.shift()!)),
        ).toEqual(all.map(() => true));
        expect(chunks.every(({ length }) => length > 0)).toBe(true);
      }),
    );
  });

  it('makes a chunk only of enough bytes, and says so', () => {
    const stream = new DelimitedStream();
    stream.begin();
    stream.writer.raw(field(30_000));
    expect(stream.flush()).toBe(false);
    stream.writer.raw(field(3_000));
    expect(stream.flush()).toBe(true);
    stream.end();
    expect(stream.finish().map(({ length }) => length)).toEqual([3, 33_000]);
  });

  it('of no messages is empty', () => {
    expect(new DelimitedStream().finish()).toEqual([]);
  });
});
