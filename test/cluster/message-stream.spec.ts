import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { serialize } from 'node:v8';
import { afterEach, describe, expect, it } from '@jest/globals';
import { MessageStream } from '../../lib/cluster/message-stream.js';
import { eventually } from '../support/eventually.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Two connected streams, the socket of the sender, and what the receiver has received. */
async function connected(maxBytes = 1_000) {
  const received: unknown[] = [];
  const closed: (Error | undefined)[] = [];
  const server = createServer();
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepting = once(server, 'connection') as Promise<[Socket]>;
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const [accepted] = await accepting;
  const receiver = new MessageStream(accepted, maxBytes, {
    message: (message) => {
      if (message === 'fail') throw new Error('unknown message kind');
      received.push(message);
    },
    closed: (reason) => void closed.push(reason),
  });
  const ignore = { message: () => undefined, closed: () => undefined };
  return {
    sender: new MessageStream(socket, maxBytes, ignore),
    receiver,
    socket,
    accepted,
    received,
    closed,
  };
}

/** The bytes of a message on the wire. */
function bytesOf(message: unknown): Buffer {
  const body = serialize(message);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  return Buffer.concat([length, body]);
}

describe('a stream of messages', () => {
  it('passes messages on in their order, numbers and maps included', async () => {
    const { sender, received } = await connected();
    const messages = [{ kind: 'ping' }, new Map([['a', NaN]]), new Float64Array([1, -0]), ''];
    for (const message of messages) sender.send(message);
    await eventually(() => expect(received).toEqual(messages));
    sender.close();
  });

  it('puts messages together that arrive byte by byte, or several in one piece', async () => {
    const { socket, received } = await connected();
    for (const byte of bytesOf('slow')) {
      socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(Buffer.concat([bytesOf('one'), bytesOf('two'), bytesOf('three').subarray(0, 6)]));
    socket.write(bytesOf('three').subarray(6));
    await eventually(() => expect(received).toEqual(['slow', 'one', 'two', 'three']));
    socket.destroy();
  });

  it('is closed by a message that is announced as too long, before it arrives', async () => {
    const { socket, closed, accepted } = await connected(1_000);
    socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await eventually(() => expect(closed).toHaveLength(1));
    expect(closed[0]?.message).toBe('a message of 4294967295 bytes exceeds the limit of 1000 bytes');
    expect(accepted.destroyed).toBe(true);
  });

  it('is closed by bytes that are no message, and by a message that its receiver refuses', async () => {
    const malformed = await connected();
    malformed.socket.write(Buffer.from([0, 0, 0, 3, 1, 2, 3]));
    await eventually(() => expect(String(malformed.closed[0])).toContain('Error: '));
    const refused = await connected();
    refused.sender.send('fail');
    refused.sender.send('later');
    await eventually(() => expect(refused.closed).toEqual([new Error('unknown message kind')]));
    expect(refused.received).toEqual([]);
  });

  it('refuses to send more than its limit, instead of buffering it', async () => {
    const { sender, socket, closed } = await connected(1_000);
    sender.send('x'.repeat(2_000));
    expect(socket.destroyed).toBe(true);
    sender.send('ignored');
    await eventually(() => expect(closed).toEqual([undefined]));
  });

  it('reports no reason when the other side closes it', async () => {
    const { sender, closed } = await connected();
    sender.close();
    await eventually(() => expect(closed).toEqual([undefined]));
  });
});
