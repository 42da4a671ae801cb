/**
 * The sample application under load for some minutes, with everything that monitoring has switched on and looked at:
 * nothing is lost, and nothing grows.
 *
 *     npm run soak -- --minutes 5 --adapter express --clients 8
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { Checklist } from '../package/checklist.mjs';
import { differences, requestTotals, sentTotals } from './counts.mjs';
import { megabytes, writeMemoryReport } from './memory-report.mjs';
import { Remotes } from './remotes.mjs';
import { SampleAppProcess } from './sample-app.process.mjs';
import { Watchers } from './watchers.mjs';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const WATCH_STARTS_MS = 4_000;
const MEASURE_EVERY_MS = 3_000;
/**
 * Until then code is compiled, caches fill, and every series that there will be has come: after more than a minute,
 * since some jobs and statistics come once in it.
 */
const WARM_UP = 0.5;
/** The records of requests fill up to this, which takes 20 000 requests: a busy machine has not answered them by then. */
const RECORDS_BYTES = 4 * 1024 * 1024;
/**
 * What may be more at the end than after the warm-up, beside the history, which grows until it is an hour long. The
 * garbage collector and the compiler make it differ by less than 1 MB from one look to the next. What is forgotten for
 * each request shows: 150 bytes of 50 000 requests are more than this.
 */
const MOST_GROWTH_BYTES = 3_000_000 + RECORDS_BYTES;
/** Connections that are kept alive by their clients are closed by then. */
const SETTLE_MS = 180_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    adapter: { type: 'string', default: 'express' },
    clients: { type: 'string', default: '8' },
  },
});
const seconds = Math.round(Number(values.minutes) * 60);
if (!(seconds >= 150)) throw new Error(`Expected --minutes to be at least 2.5, got ${values.minutes}.`);

const list = new Checklist();
const outputFile = join(tmpdir(), `nestjs-monitoring-soak-${process.pid}.json`);
const remotes = await new Remotes().start();
const app = await SampleAppProcess.start({
  ADAPTER: values.adapter,
  METRICS_FILE: outputFile,
  PUSHGATEWAY_URL: remotes.url,
  OTEL_EXPORTER_OTLP_ENDPOINT: remotes.url,
  // The last pushes tell of every request, on a busy machine too.
  LAST_PUSH_TIMEOUT_MS: '60000',
});
const watchers = new Watchers(app.monitoringUrl);

try {
  console.log(`${seconds} s of load on ${values.adapter}`);
  await scrape();
  // The watch of the event loop starts two seconds after the application, with a few files of its thread.
  await sleep(WATCH_STARTS_MS);
  const before = await app.measure();
  watchers.start();
  const samples = [];
  const startedAt = performance.now();
  const load = runLoad();
  const over = new AbortController();
  void load.catch(() => undefined).then(() => over.abort());
  while (!over.signal.aborted) {
    samples.push({
      ...(await app.measure()),
      historyBytes: gaugeIn(await scrape(), 'monitoring_history_bytes'),
      seconds: (performance.now() - startedAt) / 1000,
    });
    await sleep(MEASURE_EVERY_MS, undefined, { signal: over.signal }).catch(() => undefined);
  }
  const report = await load;
  await watchers.stop();
  const folder = writeMemoryReport(samples);
  const sent = sentTotals(report);
  console.log(
    `  ${report.total} requests (${Math.round(report.total / report.seconds)} a second), ${watchers.scrapes} scrapes, ` +
      `${watchers.reads} reads of the API, ${watchers.events} events; memory over time in ${folder}`,
  );

  await list.check('every request was answered, and every scrape, read and stream', () => {
    assert.equal(report.failed, 0);
    assert.deepEqual(watchers.failures, []);
    // A tenth of what an idle machine does.
    assert.ok(watchers.scrapes > seconds / 10 && watchers.events > seconds / 40);
  });
  await list.check('each request is counted, by method, route and status, once', () =>
    eventually(async () => assert.deepEqual(differences(sent, requestTotals(await scrape())), [])),
  );
  await list.check(
    `memory is flat: after the warm-up it grows by less than ${megabytes(MOST_GROWTH_BYTES)}`,
    () => {
      const [first, last] = ends(samples);
      console.log(
        `  ${megabytes(first)} after the warm-up, ${megabytes(last)} at the end, without the history`,
      );
      assert.ok(last - first < MOST_GROWTH_BYTES, `it grew by ${megabytes(last - first)}`);
    },
  );
  await list.check('no handle and no open file is left of the load', () =>
    eventually(async () => {
      const { resources, files } = await app.measure();
      for (const [name, count] of Object.entries(resources)) {
        // Timers of the moment come and go.
        if (name !== 'Timeout') assert.ok(count <= (before.resources[name] ?? 0), `${count} ${name}`);
      }
      assert.ok(files === undefined || files <= before.files, `${files} open files, ${before.files} before`);
    }),
  );
  await list.check(
    'it ends by itself, and what was pushed last and written last tells of every request',
    async () => {
      assert.equal(await app.stop(), 'SIGTERM');
      assert.deepEqual(differences(sent, requestTotals(remotes.lastExposition)), []);
      const { series } = JSON.parse(readFileSync(outputFile, 'utf8')).metrics.http_requests_total;
      assert.equal(
        series.reduce((sum, { value }) => sum + value, 0),
        report.total,
      );
    },
  );
  await list.check('it has not complained, but for alerts that fired', () => {
    const complaints = app.complaints.split('\n').filter((line) => line !== '' && !line.includes('[Alerts]'));
    assert.deepEqual(complaints, []);
  });
} finally {
  app.kill();
  remotes.stop();
  rmSync(outputFile, { force: true });
}
console.log(list.summary);
process.exitCode = list.failed > 0 ? 1 : 0;

async function runLoad() {
  const extent = ['--seconds', String(seconds), '--concurrency', values.clients];
  const args = ['--json', ...extent, '--seed', '7', '--url', app.url];
  const { stdout } = await promisify(execFile)(process.execPath, ['sample-app/dist/load.js', ...args], {
    cwd: ROOT,
  });
  return JSON.parse(stdout);
}

async function scrape() {
  // By a connection of its own: the server may close one that is kept in the moment of the next request.
  return (await fetch(`${app.monitoringUrl}/metrics`, { headers: { connection: 'close' } })).text();
}

function gaugeIn(exposition, name) {
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(exposition)?.[1] ?? 0);
}

/** The memory without the history just after the warm-up and at the end: each in the middle of a few looks. */
function ends(samples) {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP));
  const some = Math.max(1, Math.floor(warm.length / 4));
  return [middle(warm.slice(0, some)), middle(warm.slice(-some))];
}

function middle(samples) {
  const sorted = samples.map(({ bytes, historyBytes }) => bytes - historyBytes).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function eventually(check) {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await sleep(500);
  }
}
