import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Case, Row } from './cases/case.js';
import { bridgeCases } from './cases/bridge.cases.js';
import { decoratorCases } from './cases/decorator.cases.js';
import { growthCases } from './cases/growth.cases.js';
import { hotPathCases } from './cases/hot-path.cases.js';
import { memoryCases } from './cases/memory.cases.js';
import { otlpCases } from './cases/otlp.cases.js';
import { renderCases } from './cases/render.cases.js';
import { startupCases } from './cases/startup.cases.js';
import { type Change, changesSince } from './compare.js';
import { formatNumber } from './format-number.js';
import { OURS, verdictOf } from './goal.js';
import { growthPlot } from './growth-plot.js';
import { newerNode } from './newer-node.js';
import { ours } from './peers/ours.peer.js';
import { formatRow } from './table.js';

const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    /** Only the cases whose names contain this. */
    only: { type: 'string', default: '' },
    /** A report of an earlier run, made with `--json`, to compare with. */
    compare: { type: 'string' },
    /** Rewrites the plot that docs/performance.md shows. */
    plot: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => void (flags.json ? process.stderr : process.stdout).write(`${text}\n`);

/** The rows of some cases, which are measured one after the other in a process. */
function runCases(
  cases: readonly Case[],
  peers: readonly string[],
  execPath = process.execPath,
): Promise<Row[]> {
  const names = cases.map(({ name }) => name).join();
  const runner = fileURLToPath(new URL('./runner.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(runner, [names, flags.quick ? 'quick' : 'full', ...peers], {
      execPath,
      execArgv: ['--expose-gc', '--max-old-space-size=8192'],
    });
    let rows: Row[] | undefined;
    child.on('message', (message) => (rows = message as Row[]));
    child.on('error', reject);
    child.on('exit', (code) =>
      rows ? resolve(rows) : reject(new Error(`Case ${names} ended with ${code}.`)),
    );
  });
}

/** Runs cases in which the peers take turns. */
function runTogether(cases: readonly Case[], peers: readonly string[], execPath?: string): Promise<Row[]> {
  return runAll(cases, (some) => runCases(some, peers, execPath));
}

/** Runs cases in which each peer has a process of its own, so that what it holds costs only itself. */
function runApart(cases: readonly Case[], peers: readonly string[], execPath?: string): Promise<Row[]> {
  return runAll(cases, async (some) => {
    const apart: Row[][] = [];
    for (const peer of peers) apart.push(await runCases(some, [peer], execPath));
    return apart[0]!.map((row, i) => ({
      ...row,
      results: Object.assign({}, ...apart.map((rows) => rows[i]!.results)) as Row['results'],
    }));
  });
}

async function runAll(
  cases: readonly Case[],
  run: (some: readonly Case[]) => Promise<Row[]>,
): Promise<Row[]> {
  const chosen = cases.filter(({ name }) => name.includes(flags.only));
  // Each is measured in a process of its own. That they run shows in one process, too.
  const groups = flags.quick && chosen.length > 0 ? [chosen] : chosen.map((each) => [each]);
  const all: Row[] = [];
  for (const group of groups) {
    const rows = await run(group);
    for (const row of rows) say(`\n${formatRow(row)}`);
    all.push(...rows);
  }
  return all;
}

say(
  `Node ${process.versions.node}, ${cpus()[0]?.model ?? 'unknown processor'}, ${availableParallelism()} cores.`,
);
say('Medians with quartiles.');
const peers = [ours.name, 'prom-client', 'opentelemetry'];
const rows = [
  ...(await runTogether([...hotPathCases, ...decoratorCases, ...bridgeCases, ...otlpCases], peers)),
  ...(await runApart([...renderCases, ...memoryCases], peers)),
  ...(await runTogether(startupCases, peers)),
];
const report: Record<string, unknown> = { node: process.versions.node, rows };

say('\nThe successor of prom-client, under the newer Node that it asks for');
const newer = newerNode('@prometheus-io/client@0.16.1');
if (newer.reason === undefined) {
  const both = [ours.name, newer.client];
  report.newerNode = newer.version;
  report.successor = [
    ...(await runTogether(hotPathCases, both, newer.execPath)),
    ...(await runApart([...renderCases, ...memoryCases], both, newer.execPath)),
  ];
} else {
  say(`  skipped: ${newer.reason}`);
}

say('\nGrowth: what an increment and a scrape cost by the number of series');
const growth = await runTogether(growthCases, [ours.name]);
report.growth = growth;
if (flags.plot) {
  const results = fileURLToPath(new URL('../results/', import.meta.url));
  mkdirSync(results, { recursive: true });
  writeFileSync(`${results}growth.svg`, growthPlot(growth));
  say(`\nWrote ${results}growth.svg`);
}

sayGoals(rows);
if (flags.compare !== undefined) {
  const earlier = JSON.parse(readFileSync(flags.compare, 'utf8')) as { rows: Row[] };
  say(`\nCompared with ${flags.compare}: the factor of change of each row, beside that of prom-client`);
  for (const change of changesSince(earlier.rows, rows)) say(`  ${formatChange(change)}`);
}
if (flags.json) process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);

function sayGoals(measured: readonly Row[]): void {
  const verdicts = measured.flatMap((row) => {
    const verdict = verdictOf(row);
    return verdict === undefined ? [] : [{ ...verdict, title: row.title }];
  });
  const missed = verdicts.filter(({ isMet }) => !isMet);
  say(`\nGoals: ${verdicts.length - missed.length} of ${verdicts.length} met`);
  for (const { title, wanted, reached } of missed) say(`  ${title}: ${wanted}, got ${reached}`);
}

/** A factor of 1.5 of both says that the machine was slower; of ours alone, that this library is. */
function formatChange({ title, ours: factor, peer }: Change): string {
  const machine = peer === undefined ? '' : `  (prom-client ${formatNumber(peer)} ×)`;
  return `${title.padEnd(72)} ${OURS} ${formatNumber(factor)} ×${machine}`;
}
