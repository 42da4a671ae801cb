import { equal, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort, get } from './local-server.mjs';

const START_MS = 120_000;
const STOP_MS = 5_000;
/** The time for which an application drains, in which no other could listen on its port. */
const DRAIN_MS = 5_000;
/** A busy machine may need as long now and then; an application that drains does so each time. */
const MOST_SAVES = 5;
const COMPILED = 'Found 0 errors';
const STARTED = 'successfully started';

/**
 * Saves a file under `nest start --watch`, whose application must be there again on the same port, without a drain.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} name
 * @param {string} cwd
 */
export async function checkWatch(checklist, name, cwd) {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  // A group of its own, since npm, the CLI and the application are three processes.
  const child = spawn('npm', ['run', 'start:dev'], {
    cwd,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  /** When each line was printed that says so, by what it says. */
  const times = { [COMPILED]: [], [STARTED]: [] };
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
      for (const [sentence, seen] of Object.entries(times)) {
        while (seen.length < output.split(sentence).length - 1) seen.push(performance.now());
      }
    });
  }
  const closed = once(child, 'close');
  try {
    await checklist.check(
      `${name}: nest start --watch starts it anew at once when a file is saved`,
      async () => {
        const firstMs = await startMs(0);
        equal(await answer(), 'Hello World!');
        for (const path of ['ready', 'metrics-dashboard']) await get(`${url}/${path}`);
        const service = join(cwd, 'src/app.service.ts');
        const source = readFileSync(service, 'utf8');
        let later = Infinity;
        for (let saves = 1; saves <= MOST_SAVES && later >= DRAIN_MS; saves++) {
          writeFileSync(service, source.replace('Hello World!', `Hello again ${saves}!`));
          later = Math.round((await startMs(saves)) - firstMs);
          equal(await answer(), `Hello again ${saves}!`);
        }
        ok(!output.includes('EADDRINUSE'), output);
        ok(later < DRAIN_MS, `It was there ${later} ms later than at the first start.`);
      },
    );
  } finally {
    endGroup(child, 'SIGTERM');
    await Promise.race([closed, sleep(STOP_MS, undefined, { ref: false })]);
    endGroup(child, 'SIGKILL');
    await closed;
  }

  /** Nest says that it has started a moment before it listens. */
  async function answer() {
    const deadline = Date.now() + START_MS;
    for (;;) {
      try {
        return await get(url);
      } catch (error) {
        if (Date.now() > deadline) throw new Error(`It does not answer.\n${output}`, { cause: error });
        await sleep(20);
      }
    }
  }

  /** @returns {Promise<number>} the time from the end of the compilation of this number until the start after it */
  async function startMs(number) {
    const deadline = Date.now() + START_MS;
    while (times[STARTED].length <= number) {
      if (Date.now() > deadline || child.exitCode !== null) {
        throw new Error(`It has not started ${number + 1} times.\n${output}`);
      }
      await sleep(20);
    }
    return times[STARTED][number] - times[COMPILED][number];
  }
}

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Every process of it has ended.
  }
}
