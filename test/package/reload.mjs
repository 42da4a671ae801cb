import { match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, get } from './local-server.mjs';

const START_MS = 150_000;

/**
 * Changes a script under a development server, which must be there again at once, on the same port.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} name
 * @param {string} cwd
 * @param {string} script
 */
export async function checkReload(checklist, name, cwd, script) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const child = spawn(process.execPath, ['--watch', script], {
    cwd,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  }
  const closed = once(child, 'close');
  try {
    await checklist.check(`${name}: a development server starts it anew when it changes`, async () => {
      await untilStarted(1);
      await get(`${url}/orders/7`);
      await get(`${url}/metrics-dashboard`);
      match(await get(`${url}/metrics`), /^http_requests_total\{.*route="\/orders\/:id".*\} 1$/m);
      appendFileSync(join(cwd, script), '\n// changed\n');
      await untilStarted(2);
      const metrics = await get(`${url}/metrics`);
      ok(!metrics.includes('route="/orders/:id"'), 'It has not begun anew.');
      ok(!output.includes('EADDRINUSE'), output);
    });
  } finally {
    child.kill('SIGTERM');
    await Promise.race([closed, sleep(5_000, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await closed;
  }

  async function untilStarted(times) {
    const deadline = Date.now() + START_MS;
    while (output.split(`listening on ${url}`).length <= times) {
      if (Date.now() > deadline) throw new Error(`It has not started ${times} times.\n${output}`);
      await sleep(20);
    }
  }
}
