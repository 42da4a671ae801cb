import { deepEqual, equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, 'without-http');
const SCRIPT = 'without-http.mjs';
/** A process that does not end by itself is killed then. */
const END_MS = 200_000;

/**
 * Runs the applications without HTTP of `without-http/app.mjs`, and the function on AWS Lambda, in a consumer.
 *
 * @param {import('./checklist.mjs').Checklist} checklist
 * @param {string} name of the consumer
 * @param {string} cwd
 */
export async function checkWithoutHttp(checklist, name, cwd) {
  cpSync(join(FOLDER, 'app.mjs'), join(cwd, SCRIPT));
  const expected = JSON.parse(readFileSync(join(FOLDER, 'expected.json'), 'utf8'));
  for (const { kind, code = null, signal = null, written, told } of expected) {
    await checklist.check(`${name}: ends as it would without the package: a ${kind}`, async () => {
      const ended = await runKind(cwd, kind);
      deepEqual([ended.code, ended.signal], [code, signal]);
      const sums = ended.metrics && Object.keys(written ?? {}).map((metric) => sumOf(ended.metrics[metric]));
      deepEqual(sums, written && Object.values(written));
      if (signal !== null) return;
      deepEqual(ended.told.warnings, []);
      for (const [key, value] of Object.entries(told ?? {})) deepEqual(ended.told[key], value);
    });
  }
  await checklist.check(`${name}: a function writes its metrics to its log`, async () => {
    const variables = { AWS_LAMBDA_FUNCTION_NAME: 'shop', LAMBDA_TASK_ROOT: '/var/task' };
    const { code, log } = await runKind(cwd, 'function', { ...variables, NODE_ENV: 'production' });
    equal(code, 0);
    const documents = log.split('\n').filter((line) => line.startsWith('{'));
    const requests = documents.map((line) => JSON.parse(line)['http_requests_total'] ?? 0);
    equal(
      requests.reduce((sum, value) => sum + value, 0),
      3,
    );
  });
}

async function runKind(cwd, kind, variables = {}) {
  const [outputFile, toldFile] = ['metrics.json', 'told.json'].map((file) => join(cwd, file));
  for (const file of [outputFile, toldFile]) rmSync(file, { force: true });
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify({ kind, outputFile, toldFile })], {
    cwd,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: END_MS,
  });
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (log += text));
  const [code, signal] = await once(child, 'close');
  return { code, signal, log, told: read(toldFile), metrics: read(outputFile)?.metrics ?? null };
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function sumOf(metric) {
  return (metric?.series ?? []).reduce((sum, { value, count }) => sum + (value ?? count), 0);
}
