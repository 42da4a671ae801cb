import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { JsonWriter } from '../../lib/exporters/otlp/json-writer.js';
import { ProtobufWriter } from '../../lib/exporters/protobuf/protobuf-writer.js';

function jsonWriter() {
  const writer = new JsonWriter(1);
  return { writer, write: (text: string) => writer.raw(text) };
}

function protobufWriter() {
  const writer = new ProtobufWriter(1);
  return { writer, write: (text: string) => writer.raw(Buffer.from(text)) };
}

describe.each([
  ['JSON', jsonWriter],
  ['protobuf', protobufWriter],
])('the buffer of a writer of %s', (_, create) => {
  it('has all that was written since the last time, however often it grew', () => {
    const texts = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 200 }));
    fc.assert(
      fc.property(fc.array(texts), (messages) => {
        const { writer, write } = create();
        for (const message of messages) {
          for (const text of message) write(text);
          expect(writer.take().toString()).toBe(message.join(''));
        }
      }),
    );
  });

  it('gives a copy, which later writes leave as it is', () => {
    const { writer, write } = create();
    write('first');
    const first = writer.take();
    write('later');
    writer.clear();
    expect(first.toString()).toBe('first');
    expect(writer.take()).toHaveLength(0);
  });
});
