import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below those that a system gives to whoever listens on any port or connects from one, so that none of these takes a
 * port between the moment in which it is found free and that in which its server listens, or while a server is down.
 * Above 10080, of which browsers and `fetch` ask nothing.
 */
const FIRST_PORT = 11_000;
const PORTS_PER_WORKER = 2_000;
const WORKERS = 10;

/** Tests that run at the same time have ports of their own. */
const worker = (Number(process.env['JEST_WORKER_ID'] ?? '1') - 1) % WORKERS;
/** Not the same one first, since a server of the last file may still be ending, or somebody else may test. */
let next = Math.floor(Math.random() * PORTS_PER_WORKER);

/** A port of 127.0.0.1 that nobody listens on, for a server that cannot choose one itself. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < PORTS_PER_WORKER; attempt++) {
    const port = FIRST_PORT + worker * PORTS_PER_WORKER + (next++ % PORTS_PER_WORKER);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

async function isFree(port: number): Promise<boolean> {
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
