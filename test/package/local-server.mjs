import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';

const ANSWER_MS = 45_000;

/**
 * @param {string} url
 * @returns {Promise<string>} its text
 */
export async function get(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  equal(response.status, 200, `GET ${url}`);
  return response.text();
}

/** @returns {Promise<number>} a port that nobody listens on */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
