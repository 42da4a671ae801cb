import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { JsonMetrics } from 'nestjs-monitoring/exporters';
import { JsonExporter } from '../../../lib/exporters/json/json.exporter.js';
import { ExporterMetrics } from '../../../lib/exporters/push/exporter-metrics.js';
import { scalars, testRegistry } from '../../metrics/support.js';

const DISK_BYTES = 1_000_000;
const folder = mkdtempSync(join(tmpdir(), 'nestjs-monitoring-disk-'));

/** A disk of its own, which only root may have. */
function mountDisk(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const mounted = mountDisk();
const title = 'a disk that is full';
if (!mounted) console.warn(`Skipped: ${title}. Reason: this user may not mount one.`);

afterAll(() => {
  if (mounted) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** Takes every byte that is left. */
async function fill(): Promise<void> {
  const filler = join(folder, 'filler');
  await expect(writeFile(filler, Buffer.alloc(2 * DISK_BYTES))).rejects.toThrow('ENOSPC');
}

/** An exporter of a hundred kilobytes, and what it tells of itself. */
function exporterTo(outputFile: string, rotation?: object) {
  const { registry, clock } = testRegistry();
  const deals = registry.counter('deals_total', 'Deals.', { labelNames: ['i'] });
  const work = () => {
    for (let i = 0; i < 500; i++) deals.inc({ i: 'x'.repeat(100) + i });
    clock.advance(1_000);
  };
  const options = { outputFile, ...(rotation && { rotation }) };
  const exporter = new JsonExporter(registry, options, { clock, metrics: new ExporterMetrics(registry) });
  const told = (name: string) => scalars(registry, `monitoring_exporter_${name}`)[0]?.value;
  return { exporter, work, told };
}

function dealsIn(text: string): number {
  const deals = (JSON.parse(text) as JsonMetrics).metrics['deals_total'];
  return deals?.type === 'counter' ? deals.series.reduce((sum, { value }) => sum + value, 0) : NaN;
}

(!mounted ? describe.skip : describe)(title, () => {
  it('keeps the existing JSON file, and writes everything once there is space again', async () => {
    const outputFile = join(folder, 'metrics.json');
    const { exporter, work, told } = exporterTo(outputFile);
    work();
    await exporter.exportAll();
    await fill();
    work();
    await expect(exporter.exportAll()).rejects.toThrow('ENOSPC');
    expect(dealsIn(await readFile(outputFile, 'utf8'))).toBe(500);
    expect((await readdir(folder)).toSorted()).toEqual(['filler', 'metrics.json']);
    await rm(join(folder, 'filler'));
    work();
    await exporter.exportAll();
    expect(dealsIn(await readFile(outputFile, 'utf8'))).toBe(1_500);
    expect([told('failures_total'), told('dropped_points_total'), told('queue_points')]).toEqual([1, 0, 0]);
    await rm(outputFile);
  });

  it('keeps only complete lines of JSON, and writes the missing ones once there is space again', async () => {
    const outputFile = join(folder, 'metrics.jsonl');
    const { exporter, work, told } = exporterTo(outputFile, {});
    work();
    await exporter.exportAll();
    await fill();
    for (let failure = 0; failure < 2; failure++) {
      work();
      await expect(exporter.exportAll()).rejects.toThrow('ENOSPC');
      expect((await readFile(outputFile, 'utf8')).split('\n').slice(0, -1).map(dealsIn)).toEqual([500]);
    }
    await rm(join(folder, 'filler'));
    work();
    await exporter.exportAll();
    const text = await readFile(outputFile, 'utf8');
    expect(text.split('\n').slice(0, -1).map(dealsIn)).toEqual([500, 1_000, 1_500, 2_000]);
    expect(text.endsWith('\n')).toBe(true);
    expect([told('failures_total'), told('dropped_points_total'), told('queue_points')]).toEqual([2, 0, 0]);
    await rm(outputFile);
  });
});
