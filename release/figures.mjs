/**
 * Measures the figures of README.md and docs/performance.md and writes their tables. What was measured is in
 * release/figures.json, and test/release/figures.spec.ts compares the tables with it.
 *
 *     npm run figures                          # everything, in an hour on two cores that do nothing else
 *     npm run figures -- --only speed,tests    # parts of it; the others stay as they are
 *     npm run figures -- --only tests --reports FOLDER   # counts the tests of `REPORTS=FOLDER bash .ci/run`
 *     npm run figures -- --tables              # only writes the tables again
 *     npm run figures -- --check               # only compares them
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DOCUMENTS, readFigures, withTables } from './figure-tables.mjs';
import { ROOT } from './locked-packages.mjs';

/** The packages that README.md compares, and how it calls them. */
const COMPARED = {
  'prom-client': 'prom-client',
  '@willsoto/nestjs-prometheus': '@willsoto/nestjs-prometheus',
  '@nestjs/terminus': '@nestjs/terminus',
  '@opentelemetry/sdk-metrics': 'OpenTelemetry',
};
const TELL_EVERY_MS = 30_000;
const SOAK_MINUTES = 5;
/** The scripts of package.json that run the tests, by what the tables call these. */
const TEST_SCRIPTS = { unit: 'test', services: 'test:services' };

/** What is measured, in this order: each returns what release/figures.json keeps of it. */
const PARTS = {
  speed: measureSpeed,
  requests: measureRequests,
  tests: countTests,
  soak: measureSoak,
};

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    reports: { type: 'string' },
    tables: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const names = flags.tables || flags.check ? [] : (flags.only?.split(',') ?? Object.keys(PARTS));
for (const name of names) {
  if (!(name in PARTS)) {
    console.error(`There is no part \`${name}\`. Parts: ${Object.keys(PARTS).join(', ')}.`);
    process.exit(1);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'nestjs-monitoring-figures-'));
const figures = readFigures();
try {
  if (names.length > 0) {
    await run('build', 'npm', ['run', 'build']);
    for (const project of ['sample-app', 'test/bench']) {
      await run('build', 'node_modules/.bin/tsc', ['-p', `${project}/tsconfig.json`]);
    }
  }
  for (const [index, name] of names.entries()) {
    const startedAt = performance.now();
    const expected = (part) => figures[part]?.seconds ?? 600;
    const later = names.slice(index + 1).reduce((sum, part) => sum + expected(part), 0);
    const tell = () => {
      const seconds = (performance.now() - startedAt) / 1000;
      const left = Math.max(0, expected(name) - seconds) + later;
      console.log(
        `${index + 1} of ${names.length}, ${name}: ${minutes(seconds)}, about ${minutes(left)} left`,
      );
    };
    tell();
    const timer = setInterval(tell, TELL_EVERY_MS);
    const measured = await PARTS[name]().finally(() => clearInterval(timer));
    figures[name] = {
      measuredAt: new Date().toISOString().slice(0, 10),
      machine: machine(),
      seconds: Math.round((performance.now() - startedAt) / 1000),
      ...measured,
    };
    // Each part at once, so that one which fails costs no other.
    writeFileSync(join(ROOT, 'release/figures.json'), await linesOf(figures));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const document of DOCUMENTS) {
  const path = join(ROOT, document);
  const text = readFileSync(path, 'utf8');
  const written = withTables(text, figures);
  if (written === text) continue;
  if (flags.check) {
    console.error(
      `The tables of ${document} are not those of release/figures.json: npm run figures -- --tables`,
    );
    process.exitCode = 1;
  } else {
    writeFileSync(path, written);
    console.log(`Wrote the tables of ${document}.`);
  }
}

async function measureSpeed() {
  const report = JSON.parse(await run('speed', 'node', ['test/bench/dist/bench.js', '--json', '--plot']));
  return {
    command: 'npm run bench',
    peers: Object.fromEntries(Object.entries(COMPARED).map(([name, title]) => [title, versionOf(name)])),
    rows: report.rows.map(withoutGoal),
    successor: (report.successor ?? []).map(withoutGoal),
    newerNode: report.newerNode,
    growth: report.growth.map(withoutGoal),
  };
}

async function measureRequests() {
  const rows = JSON.parse(
    await run('requests', 'node', ['test/bench/dist/http/bench-http.js', '--json', '--together']),
  );
  return { command: 'npm run bench:http -- --together', rows: rows.map(overheadOf) };
}

/** The overhead of a subject, of all that is measured about it. */
function overheadOf({ adapter, subject, overhead, precision }) {
  return { adapter, subject, overhead: rounded(overhead), precision: rounded(precision) };
}

async function countTests() {
  const reports = flags.reports ?? folder;
  if (flags.reports === undefined) await runTests(reports);
  const suites = {};
  for (const [name, script] of Object.entries(TEST_SCRIPTS)) {
    const report = join(reports, `${script}.json`);
    const { success, numPassedTests, testResults } = JSON.parse(readFileSync(report, 'utf8'));
    if (!success) throw new Error(`${report} has failed tests.`);
    suites[name] = numPassedTests;
    for (const part of ['security', 'fuzz', 'faults']) {
      const files = testResults.filter(({ name: file }) => file.includes(`/test/${part}/`));
      const passed = files.flatMap(({ assertionResults }) => assertionResults);
      suites[part] = (suites[part] ?? 0) + passed.filter(({ status }) => status === 'passed').length;
    }
  }
  suites.package = passedIn(readFileSync(join(reports, 'package.txt'), 'utf8'));
  // What the tests took is known only to whoever ran them.
  return { ...(flags.reports !== undefined && { seconds: figures.tests?.seconds }), suites };
}

/** Leaves the reports that `.ci/run` leaves, too. */
async function runTests(reports) {
  for (const script of Object.values(TEST_SCRIPTS)) {
    const flag = ['--json', '--outputFile', join(reports, `${script}.json`)];
    await run('tests', 'npm', ['run', '--silent', script, '--', ...flag]);
  }
  writeFileSync(join(reports, 'package.txt'), await run('package', 'node', ['test/package/check.mjs']));
}

async function measureSoak() {
  const output = await run('soak', 'node', ['test/soak/soak.mjs', '--minutes', String(SOAK_MINUTES)]);
  const [, requests] = /(\d+) requests \(/.exec(output);
  const [, warm, end] = /([\d.]+) MB after the warm-up, ([\d.]+) MB at the end/.exec(output);
  return {
    command: `npm run soak -- --minutes ${SOAK_MINUTES}`,
    minutes: SOAK_MINUTES,
    checks: passedIn(output),
    requests: Number(requests),
    warmMegabytes: Number(warm),
    endMegabytes: Number(end),
  };
}

/** The number in a last line such as `7 passed, 0 failed`. */
function passedIn(output) {
  return Number(/^(\d+) passed, 0 failed$/m.exec(output)[1]);
}

/** Runs a program to its end and returns what it printed. What it says of its progress is in a file. */
function run(part, command, args) {
  const child = spawn(command === 'node' ? process.execPath : command, args, {
    cwd: ROOT,
    env: { ...process.env, REQUIRE_SERVICES: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr']) {
    child[stream].setEncoding('utf8').on('data', (chunk) => (output[stream] += chunk));
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output.stdout);
      else
        reject(
          new Error(
            `${part}: ${command} ${args.join(' ')} ended with ${code}.\n${output.stderr.slice(-4_000)}`,
          ),
        );
    });
  });
}

/** A row without its goal, and with as many digits as its spread deserves. */
function withoutGoal({ title, unit, results }) {
  const measured = Object.entries(results).map(([name, { median, low, high }]) => [
    name,
    { median: rounded(median), low: rounded(low), high: rounded(high) },
  ]);
  return { title, unit, results: Object.fromEntries(measured) };
}

/** Returns JSON with a line for each row of a benchmark. */
async function linesOf(value) {
  const { format, resolveConfig } = await import('prettier');
  const options = await resolveConfig(join(ROOT, 'release/figures.json'));
  return format(JSON.stringify(value), { ...options, parser: 'json' });
}

function rounded(value) {
  return Number(value.toPrecision(4));
}

function machine() {
  const cpu = cpus()[0]?.model ?? 'an unknown processor';
  return { node: process.versions.node, cpu, cores: availableParallelism() };
}

function versionOf(name) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'));
  return version.split('.').slice(0, 2).join('.');
}

function minutes(seconds) {
  return seconds < 60 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
