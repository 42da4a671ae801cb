import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
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
      { title: 'CPU of the import of the package', unit: 'ms', results: pick(measured, 'ms') },
      { title: 'resident memory of the package', unit: 'MB', results: pick(measured, 'mb') },
    ];
  },
};

const nestCase: Case = {
  name: 'nest-startup',
  async run(_peers, effort) {
    const measured = measureScripts(
      {
        'bare Nest app': ['nest.mjs', 'bare'],
        'prom-client': ['nest.mjs', 'prom-client'],
        'nestjs-monitoring': ['nest.mjs', 'monitored'],
      },
      Math.min(effort.rounds, 9),
    );
    return [
      {
        title: 'CPU of the start of a Nest app on Express, from its import to listening',
        unit: 'ms',
        results: pick(measured, 'ms'),
      },
      { title: 'resident memory of that app', unit: 'MB', results: pick(measured, 'mb') },
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
    }));
  },
};

export const startupCases: readonly Case[] = [importCase, nestCase, providersCase];
