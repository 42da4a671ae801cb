import { spawn } from 'node:child_process';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { GrowingSite, MemoryReport } from 'nestjs-monitoring/diagnostics';
import { HEALTHY, LEAKS } from './fixture/leaks.mjs';
import { buildLibrary, ROOT } from './support/built.js';

/** How many times as fast time passes: ten minutes in 20 s. */
const SPEED = 30;
/** Longer than the warm-up and the ten minutes after it, since a busy machine does not pass as fast. */
const MINUTES = 25;
/** Processes that run at once. */
const AT_ONCE = 3;

interface Run extends MemoryReport {
  readonly minutes: number;
}

async function run(name: string): Promise<Run> {
  const child = spawn(process.execPath, ['test/services/fixture/leaking-app.mjs', name], {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      NO_COLOR: '1',
      SPEED: String(SPEED),
      MINUTES: String(MINUTES),
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

/** Runs the application once for each name, a few at once. */
async function runAll(names: readonly string[]): Promise<Map<string, Run>> {
  const runs = new Map<string, Run>();
  const left = [...names];
  const work = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) runs.set(name, await run(name));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return runs;
}

beforeAll(buildLibrary, 300_000);

describe('memory that grows by 1 MB a minute', () => {
  it('is suspected in ten ways, and the function that allocated it is named', async () => {
    expect(Object.keys(LEAKS)).toHaveLength(10);
    const runs = await runAll(Object.keys(LEAKS));
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
  }, 600_000);
});

describe('memory that does not grow', () => {
  it('is not suspected, in ten ways', async () => {
    expect(Object.keys(HEALTHY)).toHaveLength(10);
    const runs = await runAll(Object.keys(HEALTHY));
    expect([...runs].filter(([, { status }]) => status === 'suspected')).toEqual([]);
    expect([...runs.values()].filter(({ minutes }) => minutes < MINUTES)).toEqual([]);
  }, 600_000);
});
