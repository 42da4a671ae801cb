import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { atMost } from '../goal.js';
import { type Measured, summary } from '../measure.js';
import type { Case } from './case.js';

const SCRIPTS = fileURLToPath(new URL('../../startup/', import.meta.url));

/** Runs a script some times, in turn with the others; each prints one JSON object of numbers. */
function measureScripts(
  scripts: Readonly<Record<string, readonly string[]>>,
  rounds: number,
): Record<string, Record<string, Measured>> {
  const runs: Record<string, Record<string, number>[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const [name, args] of Object.entries(scripts)) {
      const output = execFileSync(process.execPath, [`${SCRIPTS}${args[0]}`, ...args.slice(1)], {
        encoding: 'utf8',
      });
      (runs[name] ??= []).push(JSON.parse(output) as Record<string, number>);
    }
  }
  return summaries(runs);
}

/** Runs scripts some times like {@link measureScripts}, all at once: for those that hardly do anything. */
async function measureIdleScripts(
  scripts: Readonly<Record<string, readonly string[]>>,
  rounds: number,
): Promise<Record<string, Record<string, Measured>>> {
  const runs: Record<string, Record<string, number>[]> = {};
  for (let round = 0; round < rounds; round++) {
    const started = Object.entries(scripts).map(async ([name, [script, ...args]]) => {
      const { stdout } = await promisify(execFile)(process.execPath, [`${SCRIPTS}${script}`, ...args]);
      (runs[name] ??= []).push(JSON.parse(stdout) as Record<string, number>);
    });
    await Promise.all(started);
  }
  return summaries(runs);
}

function summaries(
  runs: Readonly<Record<string, readonly Record<string, number>[]>>,
): Record<string, Record<string, Measured>> {
  return Object.fromEntries(
    Object.entries(runs).map(([name, outputs]) => [
      name,
      Object.fromEntries(
        Object.keys(outputs[0]!).map((key) => [key, summary(outputs.map((output) => output[key]!))]),
      ),
    ]),
  );
}

function pick(
  measured: Readonly<Record<string, Record<string, Measured>>>,
  key: string,
): Record<string, Measured> {
  return Object.fromEntries(Object.entries(measured).map(([name, values]) => [name, values[key]!]));
}

const importCase: Case = {
  name: 'import',
  async run(peers, effort) {
    const scripts = Object.fromEntries(peers.map(({ name, specifier }) => [name, ['import.mjs', specifier]]));
    const measured = measureScripts(scripts, Math.min(effort.rounds, 7));
    return [
      {
        title: 'CPU of the import of the package, over Nest',
        unit: 'ms',
        results: pick(measured, 'ms'),
        goal: atMost(40),
      },
      { title: 'resident memory of the package', unit: 'MB', results: pick(measured, 'mb') },
    ];
  },
};

const BARE = 'bare Nest app';

const nestCase: Case = {
  name: 'nest-startup',
  async run(_peers, effort) {
    const measured = measureScripts(
      {
        [BARE]: ['nest.mjs', 'bare', '0'],
        'prom-client': ['nest.mjs', 'prom-client', '0'],
        'nestjs-monitoring': ['nest.mjs', 'monitored', '0'],
      },
      Math.min(effort.rounds, 9),
    );
    return [
      {
        title: 'CPU of the start of a Nest app on Express, from its import to listening',
        unit: 'ms',
        results: pick(measured, 'ms'),
        goal: { kind: 'share', peer: BARE, atMost: 0.1 },
      },
      {
        title: 'resident memory of that app',
        unit: 'MB',
        results: pick(measured, 'mb'),
        goal: { kind: 'difference', peer: BARE, atMost: 8 },
      },
    ];
  },
};

const STARTED_PROVIDERS = '500';

const providersAtStartCase: Case = {
  name: 'nest-startup-providers',
  async run(_peers, effort) {
    const measured = measureScripts(
      {
        [BARE]: ['nest.mjs', 'bare', STARTED_PROVIDERS],
        'nestjs-monitoring': ['nest.mjs', 'monitored', STARTED_PROVIDERS],
      },
      Math.min(effort.rounds, 9),
    );
    return [
      {
        title: `CPU of the start of that app with ${STARTED_PROVIDERS} providers`,
        unit: 'ms',
        results: pick(measured, 'ms'),
        goal: { kind: 'share', peer: BARE, atMost: 0.1 },
      },
    ];
  },
};

const PROVIDERS = [10, 500, 2_000];

const providersCase: Case = {
  name: 'providers',
  async run(_peers, effort) {
    const measured = measureScripts(
      Object.fromEntries(PROVIDERS.map((count) => [String(count), ['providers.mjs', String(count)]])),
      Math.min(effort.rounds, 5),
    );
    return PROVIDERS.map((count) => ({
      title: `CPU that databases and caches add to a scrape, ${count} providers`,
      unit: 'ms',
      results: { 'nestjs-monitoring': measured[String(count)]!['ms']! },
      goal: atMost(1),
    }));
  },
};

const idleCase: Case = {
  name: 'idle',
  async run(_peers, effort) {
    const seconds = String(Math.ceil(60 / effort.divisor));
    const measured = await measureIdleScripts(
      Object.fromEntries(
        ['bare', 'production', 'development'].map((name) => [name, ['idle.mjs', name, seconds]]),
      ),
      Math.min(effort.rounds, 3),
    );
    const { bare, production, development } = pick(measured, 'percent');
    return [
      {
        title: 'CPU of an idle app in production, in percent of one core',
        unit: '%',
        results: { 'nestjs-monitoring': production!, [BARE]: bare! },
        goal: atMost(0.2),
      },
      {
        title: 'CPU of an idle app in development, with the watch of the event loop, in percent of one core',
        unit: '%',
        results: { 'nestjs-monitoring': development!, [BARE]: bare! },
        goal: atMost(0.5),
      },
    ];
  },
};

const dashboardCase: Case = {
  name: 'dashboard',
  async run(_peers, effort) {
    const routes = String(Math.ceil(300 / effort.divisor));
    const measured = measureScripts(
      { 'nestjs-monitoring': ['dashboard.mjs', routes] },
      Math.min(effort.rounds, 5),
    );
    return [
      {
        title: `a page of the dashboard over ${routes} routes and an hour`,
        unit: 'ms',
        results: pick(measured, 'ms'),
        goal: atMost(50),
      },
      { title: 'its longest step', unit: 'ms', results: pick(measured, 'longestMs'), goal: atMost(5) },
    ];
  },
};

export const startupCases: readonly Case[] = [
  importCase,
  nestCase,
  providersAtStartCase,
  providersCase,
  idleCase,
  dashboardCase,
];
