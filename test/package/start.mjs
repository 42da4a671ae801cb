import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isOnPath, run } from './commands.mjs';

const START_MS = 150_000;
/** Its readiness was asked for, so it drains for five seconds before it closes. */
const STOP_MS = 120_000;
const ANSWER_MS = 45_000;
/** A step of the lifecycle, as `NODE_DEBUG=nestjs-monitoring` prints it. */
const LIFECYCLE_STEP = /^NESTJS-MONITORING \d+: (\w+): .*\n/gm;
const MOMENTS = ['init', 'bootstrap', 'started', 'serving', 'closing', 'disconnecting', 'closed', 'shutdown'];
const OPENMETRICS = 'application/openmetrics-text; version=1.0.0';

/** What is sent, and how the application has to count it. */
const REQUESTS = [
  { times: 3, method: 'GET', path: '/orders/7', status: 200, route: '/orders/:id' },
  { times: 2, method: 'GET', path: '/orders/8?coupon=secret', status: 200, route: '/orders/:id' },
  { times: 1, method: 'GET', path: '/orders/13', status: 500, route: '/orders/:id' },
  { times: 2, method: 'GET', path: '/orders/none', status: 400, route: '/orders/:id' },
  { times: 4, method: 'POST', path: '/orders', status: 201, route: '/orders' },
  { times: 2, method: 'GET', path: '/nowhere/1', status: 404, route: '<unmatched>' },
];
const EXPECTED = {
  'GET /orders/:id 200': 5,
  'GET /orders/:id 500': 1,
  'GET /orders/:id 400': 2,
  'POST /orders 201': 4,
  'GET <unmatched> 404': 2,
};

/**
 * One way to start a consumer.
 *
 * @typedef {object} Start
 * @property {string} title
 * @property {string} script
 * @property {Readonly<Record<string, string>>} [env]
 * @property {boolean} [ignoresTrailingSlash] whether an address with a slash at its end is the same
 * @property {boolean} [onEveryNode] whether every Node starts it; true unless it says so
 */

/**
 * Starts a consumer, uses it, and ends it.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} title
 * @param {string} cwd
 * @param {Start} start
 * @param {string} execPath the Node that runs it
 */
export async function checkStart(checklist, title, cwd, start, execPath) {
  const { script, env = {}, ignoresTrailingSlash = false } = start;
  const child = spawn(execPath, [script], {
    cwd,
    env: { ...process.env, ...env, NODE_DEBUG: 'nestjs-monitoring' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (output.stderr += text));
  const closed = once(child, 'close');
  try {
    let url = '';
    const started = await checklist.check(`${title}: starts`, async () => {
      url = await addressOf(child, output);
    });
    if (started) await checkRunning(checklist, title, url, ignoresTrailingSlash ? '/' : '');
    if (started) {
      await checklist.check(`${title}: ends by itself after SIGTERM`, async () => {
        child.kill('SIGTERM');
        const ended = await Promise.race([closed, sleep(STOP_MS, undefined, { ref: false })]);
        ok(ended, `It still runs ${STOP_MS / 1000} s later.`);
        deepEqual(ended, [0, null], 'exit code and signal');
      });
      await checklist.check(`${title}: starts and ends in the order of the lifecycle`, () =>
        deepEqual(momentsIn(output.stderr), MOMENTS),
      );
      await checklist.check(`${title}: warns of nothing`, () =>
        equal(output.stderr.replaceAll(LIFECYCLE_STEP, ''), ''),
      );
    }
  } finally {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await closed;
    }
  }
}

/** @returns {string[]} the moments of the lifecycle, each once where its steps follow each other */
function momentsIn(text) {
  const moments = [...text.matchAll(LIFECYCLE_STEP)].map(([, moment]) => moment);
  return moments.filter((moment, i) => moment !== moments[i - 1]);
}

/** Waits until the application says where it listens. */
async function addressOf(child, output) {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const [, url] = /^listening on (\S+)$/m.exec(output.stdout) ?? [];
    if (url !== undefined) return url;
    if (child.exitCode !== null) break;
    await sleep(20);
  }
  throw new Error(`It does not listen.\n${output.stdout}${output.stderr}`);
}

/** @param {string} end of every path */
async function checkRunning(checklist, title, url, end) {
  await checklist.check(`${title}: answers as it would without the package`, () => sendRequests(url, end));
  const text = { body: '', type: '' };
  await checklist.check(`${title}: counts exactly what was sent, in the text format`, async () => {
    const response = await get(`${url}/metrics`);
    text.body = await response.text();
    match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
    checkCounts(text.body);
  });
  await checklist.check(`${title}: counts exactly what was sent, in OpenMetrics`, async () => {
    const response = await get(`${url}/metrics`, { accept: OPENMETRICS });
    const body = await response.text();
    match(response.headers.get('content-type') ?? '', /^application\/openmetrics-text; version=1\.0\.0/);
    match(body, /\n# EOF\n$/);
    checkCounts(body);
  });
  await checklist.check(`${title}: does not tell what was in a query string`, () =>
    ok(!text.body.includes('secret')),
  );
  await checkWithPromtool(checklist, title, text.body);
  for (const path of ['health', 'ready', 'alive', 'metrics-dashboard']) {
    await checklist.check(`${title}: serves /${path}${end}`, () => get(`${url}/${path}${end}`));
  }
  await checklist.check(`${title}: serves the parts of the dashboard page`, async () => {
    const page = await (await get(`${url}/metrics-dashboard`)).text();
    const parts = [...page.matchAll(/(?:src|href)="([^"#:]+)"/g)].map(([, part]) => part);
    ok(parts.length > 0, 'The page has no parts.');
    for (const part of parts) await get(new URL(part, `${url}/metrics-dashboard`));
  });
}

async function sendRequests(url, end) {
  for (const { times, method, path, status } of REQUESTS) {
    for (let i = 0; i < times; i++) {
      const response = await fetch(url + path.replace(/(?=\?|$)/, end), {
        method,
        signal: AbortSignal.timeout(ANSWER_MS),
        ...(method === 'POST' && {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ currency: 'EUR' }),
        }),
      });
      await response.arrayBuffer();
      equal(response.status, status, `${method} ${path}`);
    }
  }
}

async function get(url, headers = {}) {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(ANSWER_MS) });
  equal(response.status, 200, `GET ${url}`);
  return response;
}

/** @param {string} body in either format */
function checkCounts(body) {
  const counts = {};
  // In OpenMetrics, an exemplar follows.
  for (const [, text, value] of body.matchAll(/^http_requests_total\{([^}]*)\} (\S+)(?: # \{.*)?$/gm)) {
    const labels = Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map((label) => label.slice(1)));
    equal(labels.service, 'orders');
    counts[`${labels.method} ${labels.route} ${labels.status_code}`] = Number(value);
  }
  deepEqual(counts, EXPECTED);
  match(body, /^orders_placed_total\{service="orders",currency="EUR"\} 4$/m);
}

async function checkWithPromtool(checklist, title, body) {
  const sentence = `${title}: promtool finds nothing wrong with the text format`;
  if (!isOnPath('promtool') && process.env.REQUIRE_SERVICES !== '1') {
    checklist.skip(`${sentence}: promtool is not on the PATH`);
    return;
  }
  await checklist.check(sentence, () => run('promtool', ['check', 'metrics'], { input: body }));
}
