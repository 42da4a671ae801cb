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

const KILLS = 8;
const SERIES = 2_000;

/** Exports some hundred kilobytes again and again, and says so each time; or once. */
function work(options: JsonExporterOptions, forever: boolean): string {
  return `
    import { MetricsRegistry } from '${ROOT}build/metrics/registry.js';
    import { JsonExporter } from '${ROOT}build/exporters/json/json.exporter.js';
    const registry = new MetricsRegistry({ seriesLimit: ${SERIES} });
    const deals = registry.counter('deals_total', 'Deals.', { labelNames: ['i'] });
    for (let i = 0; i < ${SERIES}; i++) deals.inc({ i: 'x'.repeat(100) + i });
    const exporter = new JsonExporter(registry, ${JSON.stringify(options)});
    do {
      await exporter.exportAll();
      process.stdout.write('.');
    } while (${forever});
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

function start(options: JsonExporterOptions, forever: boolean): ChildProcess {
  const script = work(options, forever);
  child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return child;
}

/** A process exports until it is killed: at whatever moment, or when the file is between two sizes. */
async function exportUntilKilled(options: JsonExporterOptions, whenCutOff = false): Promise<void> {
  const exporting = start(options, true);
  await once(exporting.stdout!, 'data');
  const sizeOf = () => statSync(options.outputFile!, { throwIfNoEntry: false })?.size ?? 0;
  const line = Buffer.byteLength((await readFile(options.outputFile!, 'utf8')).split('\n')[0] ?? '') + 1;
  const deadline = performance.now() + (whenCutOff ? 2_000 : Math.random() * 60);
  const isTime = () => performance.now() > deadline || (whenCutOff && sizeOf() % line !== 0);
  while (!isTime()) await turn();
  exporting.kill('SIGKILL');
  await once(exporting, 'close');
}

async function exportOnce(options: JsonExporterOptions): Promise<void> {
  const [code] = (await once(start(options, false), 'close')) as [number];
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
    let cutOff = 0;
    for (let kill = 0; kill < KILLS || (cutOff === 0 && kill < 10 * KILLS); kill++) {
      await exportUntilKilled(options);
      expectWhole(await readFile(options.outputFile, 'utf8'));
      const beside = (await readdir(folder)).filter((name) => name !== 'metrics.json');
      expect(beside.length).toBeLessThanOrEqual(1);
      cutOff += beside.length;
    }
    // Otherwise nothing was tried.
    expect(cutOff).toBeGreaterThan(0);
    await exportOnce(options);
    expectWhole(await readFile(options.outputFile, 'utf8'));
    expect(await readdir(folder)).toEqual(['metrics.json']);
  }, 500_000);

  it('leaves at most one incomplete line of JSON, which the next process cuts off', async () => {
    const rotation = { maxBytes: 2_000_000, maxFiles: 3 };
    const options = { outputFile: join(folder, 'metrics.jsonl'), rotation };
    let cutOff = 0;
    for (let kill = 0; kill < KILLS || (cutOff === 0 && kill < 10 * KILLS); kill++) {
      await exportUntilKilled(options, kill % 2 === 1);
      const incomplete = await incompleteLines();
      if (incomplete.length > 0) expect(incomplete).toEqual(['metrics.jsonl']);
      cutOff += incomplete.length;
    }
    // Otherwise nothing was tried.
    expect(cutOff).toBeGreaterThan(0);
    await exportOnce(options);
    expect(await incompleteLines()).toEqual([]);
    expect((await readdir(folder)).length).toBeLessThanOrEqual(3);
  }, 500_000);
});
