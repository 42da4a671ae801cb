import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { GrowingSite, MemoryReport } from 'nestjs-monitoring/diagnostics';
import { HEALTHY, LEAKS } from './fixture/leaks.mjs';
import { buildLibrary, ROOT } from './support/built.js';

/** How many times as fast time passes: ten minutes in 10 s. Each process then uses a tenth of a core. */
const SPEED = 60;
/** Longer than the warm-up of two minutes and the six minutes that it takes at least to suspect a leak. */
const HEALTHY_MINUTES = 18;
/** Upper limit of the time until a leak is suspected, five minutes here. On a busy machine, fewer windows have a garbage collection. */
const LEAK_MINUTES = 300;

interface Run extends MemoryReport {
  readonly minutes: number;
}

async function run(name: string, minutes: number): Promise<Run> {
  const child = spawn(process.execPath, ['test/services/fixture/leaking-app.mjs', name], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NO_COLOR: '1',
      SPEED: String(SPEED),
      MINUTES: String(minutes),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, errors] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  return new Promise((resolve, reject) => {
    child.on('close', () => {
      const line = output.split('\n').findLast((each) => each.startsWith('{'));
      if (line === undefined) reject(new Error(`It printed no report:\n${output}\n${errors}`));
      else resolve(JSON.parse(line) as Run);
    });
  });
}

/** The innermost functions that allocated memory. */
function namesOf(site: GrowingSite | undefined): readonly string[] {
  return site === undefined ? [] : [site.site, ...site.callers];
}

/** Runs the application once for each name, all at once. */
async function runAll(names: readonly string[], minutes: number): Promise<Map<string, Run>> {
  return new Map(await Promise.all(names.map(async (name) => [name, await run(name, minutes)] as const)));
}

beforeAll(buildLibrary, 300_000);

describe('memory that grows by 1 MB a minute', () => {
  it('is suspected in thirteen ways, and the function that allocated it is named', async () => {
    expect(Object.keys(LEAKS)).toHaveLength(13);
    const runs = await runAll(Object.keys(LEAKS), LEAK_MINUTES);
    const wrong = [...runs].filter(([name, { status, kind, sites, counts, listeners }]) => {
      const { site, kind: expectedKind = 'heap', count, listeners: hasListeners } = LEAKS[name] ?? {};
      return !(
        status === 'suspected' &&
        kind === expectedKind &&
        (site === undefined ||
          namesOf(sites[0]).some((each) => each.startsWith(`${site} (test/services/fixture/leaks.mjs:`))) &&
        (count === undefined || counts.some((each) => each.kind === count)) &&
        (hasListeners === undefined || listeners.length > 0)
      );
    });
    expect(wrong).toEqual([]);
    const minutes = [...runs.values()].map((each) => each.minutes).toSorted((a, b) => a - b);
    console.info(`Suspected after ${minutes.map((each) => each.toFixed(1)).join(', ')} min.`);
  }, 600_000);
});

describe('memory that does not grow', () => {
  it('is not suspected, in thirteen ways', async () => {
    expect(Object.keys(HEALTHY)).toHaveLength(13);
    const runs = await runAll(Object.keys(HEALTHY), HEALTHY_MINUTES);
    expect([...runs].filter(([, { status }]) => status === 'suspected')).toEqual([]);
    expect([...runs.values()].filter(({ minutes }) => minutes < HEALTHY_MINUTES)).toEqual([]);
  }, 300_000);
});
