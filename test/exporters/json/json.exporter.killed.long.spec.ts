import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonExporterOptions, JsonMetrics } from 'nestjs-monitoring/exporters';
import { buildLibrary, ROOT } from '../../services/support/built.js';
import { MAY_DIE_IN_WRITE } from '../../support/dying-write.js';

const KILLS = 8;
const SERIES = 2_000;

/** How a process exports: once, again and again, or until it ends in the middle of the first write after that. */
type Extent = 'once' | 'forever' | 'until it dies';

/** Exports some hundred kilobytes, and says so each time. */
function work(options: JsonExporterOptions, extent: Extent): string {
  return `
    import { MetricsRegistry } from '${ROOT}build/metrics/registry.js';
    import { JsonExporter } from '${ROOT}build/exporters/json/json.exporter.js';
    const registry = new MetricsRegistry({ seriesLimit: ${SERIES} });
    const deals = registry.counter('deals_total', 'Deals.', { labelNames: ['i'] });
    for (let i = 0; i < ${SERIES}; i++) deals.inc({ i: 'x'.repeat(100) + i });
    const exporter = new JsonExporter(registry, ${JSON.stringify(options)});
    ${MAY_DIE_IN_WRITE}
    do {
      await exporter.exportAll();
      process.stdout.write('.');
      dies = ${extent === 'until it dies'};
    } while (${extent !== 'once'});
  `;
}

let folder = '';
let child: ChildProcess | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-killed-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

function start(options: JsonExporterOptions, extent: Extent): ChildProcess {
  const script = work(options, extent);
  child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return child;
}

/** A process exports until it is killed: at whatever moment, or when the file is between two sizes. */
async function exportUntilKilled(options: JsonExporterOptions, whenCutOff = false): Promise<void> {
  const exporting = start(options, 'forever');
  await once(exporting.stdout!, 'data');
  const sizeOf = () => statSync(options.outputFile!, { throwIfNoEntry: false })?.size ?? 0;
  const line = Buffer.byteLength((await readFile(options.outputFile!, 'utf8')).split('\n')[0] ?? '') + 1;
  const deadline = performance.now() + (whenCutOff ? 2_000 : Math.random() * 60);
  const isTime = () => performance.now() > deadline || (whenCutOff && sizeOf() % line !== 0);
  while (!isTime()) await turn();
  exporting.kill('SIGKILL');
  await once(exporting, 'close');
}

/** A process exports until it ends in the middle of a write. */
async function exportUntilDead(options: JsonExporterOptions): Promise<void> {
  const [, signal] = (await once(start(options, 'until it dies'), 'close')) as [null, string];
  expect(signal).toBe('SIGKILL');
}

async function exportOnce(options: JsonExporterOptions): Promise<void> {
  const [code] = (await once(start(options, 'once'), 'close')) as [number];
  expect(code).toBe(0);
}

function expectWhole(text: string): void {
  const { metrics } = JSON.parse(text) as JsonMetrics;
  expect(metrics['deals_total']?.series).toHaveLength(SERIES);
}

/** The names of the files whose last line is incomplete; the other lines are whole. */
async function incompleteLines(): Promise<string[]> {
  const names: string[] = [];
  for (const name of await readdir(folder)) {
    const lines = (await readFile(join(folder, name), 'utf8')).split('\n');
    const rest = lines.pop();
    for (const line of lines) expectWhole(line);
    if (rest !== '') names.push(name);
  }
  return names;
}

describe('a process that is killed while it writes', () => {
  beforeAll(buildLibrary, 120_000);

  it('leaves a complete JSON file, and the next process removes its temporary file', async () => {
    const options = { outputFile: join(folder, 'metrics.json') };
    const beside = async () => (await readdir(folder)).filter((name) => name !== 'metrics.json');
    for (let kill = 0; kill < KILLS; kill++) {
      await exportUntilKilled(options);
      expectWhole(await readFile(options.outputFile, 'utf8'));
      expect((await beside()).length).toBeLessThanOrEqual(1);
    }
    await exportUntilDead(options);
    expectWhole(await readFile(options.outputFile, 'utf8'));
    expect(await beside()).toHaveLength(1);
    await exportOnce(options);
    expectWhole(await readFile(options.outputFile, 'utf8'));
    expect(await readdir(folder)).toEqual(['metrics.json']);
  }, 500_000);

  it('leaves at most one incomplete line of JSON, which the next process cuts off', async () => {
    const rotation = { maxBytes: 2_000_000, maxFiles: 3 };
    const options = { outputFile: join(folder, 'metrics.jsonl'), rotation };
    for (let kill = 0; kill < KILLS; kill++) {
      await exportUntilKilled(options, kill % 2 === 1);
      const incomplete = await incompleteLines();
      if (incomplete.length > 0) expect(incomplete).toEqual(['metrics.jsonl']);
    }
    await exportUntilDead(options);
    expect(await incompleteLines()).toEqual(['metrics.jsonl']);
    await exportOnce(options);
    expect(await incompleteLines()).toEqual([]);
    expect((await readdir(folder)).length).toBeLessThanOrEqual(3);
  }, 500_000);
});
