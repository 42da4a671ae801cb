import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { type LineBatch, LineWriter } from '../../../lib/exporters/embedded-metrics/line-writer.js';
import { EmbeddedLog } from './embedded-log.js';

const SIGNAL = new AbortController().signal;

function batchOf(...lines: string[]): LineBatch {
  return { lines, written: 0 };
}

describe('the writer of lines', () => {
  it('writes each line at once, so that the lines of the application stay whole between them', async () => {
    const chunks: string[] = [];
    const stream = new Writable({
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        chunks.push(chunk);
        setImmediate(done);
      },
    });
    const writing = new LineWriter(() => stream).write(batchOf('{"a":1}', '{"b":2}'), SIGNAL);
    for (let turn = 0; turn < 3; turn++) {
      stream.write('a line of the application\n');
      await Promise.resolve();
    }
    await writing;
    expect(chunks.filter((chunk) => chunk.startsWith('{'))).toEqual(['{"a":1}\n', '{"b":2}\n']);
    expect(chunks).toHaveLength(5);
  });

  it('has at most one line in the buffer of a stream whose reader is slow', async () => {
    const log = new EmbeddedLog();
    log.mood = 'hangs';
    const writer = new LineWriter(() => log);
    const line = 'x'.repeat(100_000);
    const batch = batchOf(line, line, line);
    for (let attempt = 0; attempt < 20; attempt++) {
      const late = new AbortController();
      writer.write(batch, late.signal).catch(() => undefined);
      await sleep(1);
      late.abort(new Error('timed out'));
      expect(log.writableLength).toBeLessThanOrEqual(line.length + 1);
    }
    expect(log.attempts).toBe(1);
  });

  it('does not write a line again whose write ended after it was given up', async () => {
    const log = new EmbeddedLog();
    log.mood = 'hangs';
    const writer = new LineWriter(() => log);
    const batch = batchOf('a', 'b');
    const late = new AbortController();
    const givenUp = writer.write(batch, late.signal);
    await sleep(1);
    late.abort(new Error('timed out'));
    const again = writer.write(batch, SIGNAL);
    log.mood = 'takes';
    await expect(givenUp).rejects.toThrow('timed out');
    await again;
    expect(log.chunks).toEqual(['a\n', 'b\n']);
  });

  it('goes on with the line that failed', async () => {
    const log = new EmbeddedLog();
    const writer = new LineWriter(() => log);
    const batch = batchOf('a', 'b', 'c');
    await writer.write(batch, SIGNAL);
    batch.written = 1;
    log.mood = 'fails';
    await expect(writer.write(batch, SIGNAL)).rejects.toThrow('write EPIPE');
    log.mood = 'takes';
    await writer.write(batch, SIGNAL);
    expect(log.chunks).toEqual(['a\n', 'b\n', 'c\n', 'b\n', 'c\n']);
    await sleep(1);
    // An error of the application's own write is the application's.
    expect(log.listenerCount('error')).toBe(0);
  });

  it('rejects if the stream throws, and once it has been destroyed', async () => {
    const thrown = new Error('no such stream');
    const throwing = { write: () => fail(thrown), on: () => undefined, removeListener: () => undefined };
    await expect(new LineWriter(() => throwing).write(batchOf('a'), SIGNAL)).rejects.toBe(thrown);
    await expect(new LineWriter(() => fail(thrown)).write(batchOf('a'), SIGNAL)).rejects.toBe(thrown);
    const destroyed = new Writable({ write: (_chunk, _encoding, done) => done() });
    destroyed.destroy();
    const writer = new LineWriter(() => destroyed);
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(writer.write(batchOf('a'), SIGNAL)).rejects.toThrow('destroyed');
    }
  });
});

function fail(error: Error): never {
  throw error;
}
