import { equal } from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';

const ANSWER_MS = 45_000;
/**
 * Below those that a system gives to whoever listens on any port or connects from one, so that none of these takes a port
 * before its application listens, or while it starts anew; and above those of the tests with services.
 */
const FIRST_PORT = 31_000;
const PORTS = 1_700;
let next = Math.floor(Math.random() * PORTS);

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
  for (let attempt = 0; attempt < PORTS; attempt++) {
    const port = FIRST_PORT + (next++ % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error('No port is free.');
}

async function isFree(port) {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
