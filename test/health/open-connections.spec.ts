import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from '@jest/globals';
import { OpenConnections } from '../../lib/health/open-connections.js';
import { Guard } from '../../lib/primitives/guard.js';
import { unreachable } from '../support/expectations.js';

it('a connection without data is closed at the second closeIdle() only', async () => {
  const server = createServer((_request, response) => void response.end('ok')).listen(0, '127.0.0.1');
  const connections = new OpenConnections(server, new Guard(() => unreachable()));
  connections.watch();
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  await once(server, 'connection');

  connections.closeIdle();
  expect(connections.incompleteRequests()).toBe(1);
  const answered = once(socket, 'data');
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
  expect(String((await answered)[0])).toMatch(/^HTTP\/1\.1 200 /);
  socket.destroy();

  const silent = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  await once(server, 'connection');
  const closed = once(silent, 'close');
  silent.resume();
  connections.closeIdle();
  connections.closeIdle();
  await closed;
  connections.unwatch();
  server.close();
});
