import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type MetricsRegistry } from 'nestjs-monitoring';
import type { JsonExporterOptions, JsonMetrics } from 'nestjs-monitoring/exporters';
import { JsonExporter } from '../../../lib/exporters/json/json.exporter.js';
import { jsonDocument, jsonText } from '../../../lib/exporters/json/json-document.js';
import { testRegistry } from '../../metrics/support.js';
import { KeptLog } from '../push/support.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-json-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A registry with something of each kind. */
function filled() {
  const tested = testRegistry({ defaultLabels: { service: 'crm' } });
  const { registry } = tested;
  registry.counter('deals_total', 'Deals.', { labelNames: ['stage'] }).inc({ stage: 'won' }, 3);
  registry.gauge('users', 'Users.').set(42);
  const size = registry.histogram('order_size', 'Items.', { buckets: [10, 50, 90] });
  for (let i = 1; i <= 100; i++) size.observe(i);
  return { ...tested, size };
}

function exporterOf(registry: MetricsRegistry, options: JsonExporterOptions = {}) {
  return new JsonExporter(registry, { outputFile: join(folder, 'metrics.json'), ...options });
}

function rotating(registry: MetricsRegistry, rotation: JsonExporterOptions['rotation'] = {}) {
  return exporterOf(registry, { outputFile: join(folder, 'metrics.jsonl'), rotation });
}

async function written(name = 'metrics.json'): Promise<JsonMetrics> {
  return JSON.parse(await readFile(join(folder, name), 'utf8')) as JsonMetrics;
}

async function lines(name = 'metrics.jsonl'): Promise<JsonMetrics[]> {
  const text = await readFile(join(folder, name), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .map((line) => JSON.parse(line) as JsonMetrics);
}

const dealsIn = ({ metrics }: JsonMetrics) => {
  const deals = metrics['deals_total'];
  return deals?.type === 'counter' ? deals.series[0]?.value : undefined;
};

describe('the JSON document', () => {
  it('has every metric by name, with its series and percentiles', async () => {
    const { registry } = filled();
    const document = await new JsonExporter(registry).exportAll();
    const { deals_total, users, order_size } = document.metrics;
    const createdAt = '2023-11-14T22:13:20.000Z';
    expect(document).toMatchObject({
      version: 1,
      timestamp: createdAt,
      defaultLabels: { service: 'crm' },
    });
    expect(deals_total).toEqual({
      type: 'counter',
      help: 'Deals.',
      series: [{ labels: { stage: 'won' }, value: 3, createdAt }],
    });
    expect(users).toEqual({ type: 'gauge', help: 'Users.', series: [{ labels: {}, value: 42, createdAt }] });
    expect(order_size).toMatchObject({
      type: 'histogram',
      help: 'Items.',
      series: [
        {
          labels: {},
          count: 100,
          sum: 5_050,
          min: 1,
          max: 100,
          mean: 50.5,
          buckets: [
            { le: 10, count: 10 },
            { le: 50, count: 50 },
            { le: 90, count: 90 },
            { le: '+Inf', count: 100 },
          ],
          createdAt,
        },
      ],
    });
    if (order_size?.type !== 'histogram') throw new Error('order_size is no histogram');
    const percentiles = Object.entries(order_size.series[0]?.percentiles ?? {});
    expect(percentiles.map(([name]) => name)).toEqual(['p50', 'p90', 'p95', 'p99']);
    for (const [name, value] of percentiles) {
      expect(Math.abs(value! / Number(name.slice(1)) - 1)).toBeLessThan(0.01);
    }
  });

  it('has no creation time of series that mirror counts kept elsewhere', async () => {
    const { registry } = testRegistry();
    const mirrored = registry.counter('process_cpu_seconds_total', 'Time.');
    mirrored.mirrorsOther();
    mirrored.inc(3);
    const series = [{ labels: {}, value: 3 }];
    expect(jsonDocument(registry.snapshot()).metrics['process_cpu_seconds_total']?.series).toStrictEqual(
      series,
    );
    expect(JSON.parse([...jsonText(registry.snapshot())].join(''))).toMatchObject({
      metrics: { process_cpu_seconds_total: { series } },
    });
  });

  it('has null for statistics without values', async () => {
    const { registry } = testRegistry();
    registry.histogram('order_size', 'Items.', { buckets: [1] });
    const { metrics } = await new JsonExporter(registry).exportAll();
    expect(metrics['order_size']?.series).toMatchObject([
      {
        count: 0,
        sum: 0,
        min: null,
        max: null,
        mean: null,
        percentiles: { p50: null, p90: null, p95: null, p99: null },
      },
    ]);
  });

  it('is equal to the parsed text, for any names, helps and labels', () => {
    const { registry } = filled();
    registry
      .gauge('__proto__', 'A "name"\nlike\\another.', { labelNames: ['toString', 'constructor'] })
      .set({ toString: '__proto__', constructor: '' }, 1);
    registry.gauge('odd', '', { labelNames: ['a'] }).set({ a: '"}\\\n\u2028\u0000{' }, -0.1);
    registry.counter('empty_total', 'None.', { labelNames: ['a'] });
    const snapshot = registry.snapshot({ exponential: true });
    expect(JSON.parse([...jsonText(snapshot)].join(''))).toEqual(
      JSON.parse(JSON.stringify(jsonDocument(snapshot))),
    );
    expect(
      JSON.parse([...jsonText(testRegistry({ enabled: false }).registry.snapshot())].join('')),
    ).toMatchObject({ metrics: {} });
  });
});

describe('a JSON file', () => {
  it('has the document that exportAll() returns, without a temporary file beside it', async () => {
    const { registry } = filled();
    const exporter = exporterOf(registry);
    const first = await exporter.exportAll();
    expect(await written()).toEqual(first);
    registry.counter('deals_total', 'Deals.', { labelNames: ['stage'] }).inc({ stage: 'won' }, 4);
    await exporter.exportAll();
    expect(dealsIn(await written())).toBe(7);
    expect(await readdir(folder)).toEqual(['metrics.json']);
  });

  it('never replaces a device', async () => {
    const { registry } = filled();
    const exporter = new JsonExporter(registry, { outputFile: '/dev/full' });
    await expect(exporter.exportAll()).rejects.toThrow('cannot write /dev/full: ENOSPC');
    await new JsonExporter(registry, { outputFile: '/dev/null' }).exportAll();
    for (const device of ['/dev/full', '/dev/null'])
      expect((await stat(device)).isCharacterDevice()).toBe(true);
  });

  it('is complete, however large it is', async () => {
    const { registry } = testRegistry({ seriesLimit: 10_000 });
    const deals = registry.counter('deals_total', 'Deals.', { labelNames: ['i'] });
    for (let i = 0; i < 5_000; i++) deals.inc({ i: `${i}`.repeat(20) });
    const document = await exporterOf(registry).exportAll();
    expect(await written()).toEqual(document);
    expect(document.metrics['deals_total']?.series).toHaveLength(5_000);
  });

  it('fails with a reason while its directory is missing, and is written once it exists', async () => {
    const { registry } = filled();
    const outputFile = join(folder, 'none', 'metrics.json');
    const exporter = exporterOf(registry, { outputFile });
    await expect(exporter.exportAll()).rejects.toThrow(
      `cannot write ${outputFile}: the directory ${join(folder, 'none')} does not exist`,
    );
    await mkdir(join(folder, 'none'));
    await exporter.exportAll();
    expect(dealsIn(await written('none/metrics.json'))).toBe(3);
  });

  it('keeps its content if a write fails', async () => {
    const { registry } = filled();
    await writeFile(join(folder, 'metrics.json'), '{"kept":true}');
    const exporter = exporterOf(registry, { outputFile: folder });
    await expect(exporter.exportAll()).rejects.toThrow(`cannot write ${folder}: EISDIR`);
    expect(await readFile(join(folder, 'metrics.json'), 'utf8')).toBe('{"kept":true}');
  });

  it('removes temporary files of killed processes, and nothing else', async () => {
    const { registry } = filled();
    const dead = [4_194_305, process.pid].map((pid) => `metrics.json.${pid}.0123abcd.tmp`);
    const others = ['1.0123abcd.tmp', `${process.pid}.00000000.tmp`, 'bak', '4194305.tmp'].map(
      (end) => `metrics.json.${end}`,
    );
    for (const name of [...dead, ...others]) await writeFile(join(folder, name), 'half');
    // What has the number of this process, as is usual in containers, but is older than it.
    for (const name of dead) await utimes(join(folder, name), 1_700_000_000, 1_700_000_000);
    await exporterOf(registry).exportAll();
    expect((await readdir(folder)).toSorted()).toEqual(['metrics.json', ...others].toSorted());
  });

  it('written by two exporters is always the complete document of one of them', async () => {
    const { registry } = filled();
    const exporters = Array.from({ length: 8 }, () => exporterOf(registry));
    await Promise.all(exporters.map((exporter) => exporter.exportAll()));
    expect(dealsIn(await written())).toBe(3);
    expect(await readdir(folder)).toEqual(['metrics.json']);
  });
});

describe('a file of JSON lines', () => {
  it('has a line for each export', async () => {
    const { registry } = filled();
    const exporter = rotating(registry);
    const documents = [await exporter.exportAll()];
    registry.counter('deals_total', 'Deals.', { labelNames: ['stage'] }).inc({ stage: 'won' });
    documents.push(await exporter.exportAll());
    expect(await lines()).toEqual(documents);
  });

  it('rotates before maxBytes and keeps maxFiles files', async () => {
    const { registry, clock } = filled();
    const line = Buffer.byteLength([...jsonText(registry.snapshot({ exponential: true }))].join('')) + 1;
    const exporter = rotating(registry, { maxBytes: 2 * line, maxFiles: 3 });
    const begin = clock.now();
    for (let i = 0; i < 9; i++) {
      await exporter.exportAll();
      clock.advance(1_000);
    }
    const seconds = async (name: string) =>
      (await lines(name)).map(({ timestamp }) => (Date.parse(timestamp) - begin) / 1000);
    expect((await readdir(folder)).toSorted()).toEqual([
      'metrics.jsonl',
      'metrics.jsonl.1',
      'metrics.jsonl.2',
    ]);
    expect(await seconds('metrics.jsonl')).toEqual([8]);
    expect(await seconds('metrics.jsonl.1')).toEqual([6, 7]);
    expect(await seconds('metrics.jsonl.2')).toEqual([4, 5]);
  });

  it('is truncated with maxFiles: 1', async () => {
    const { registry } = filled();
    const exporter = rotating(registry, { maxBytes: 1, maxFiles: 1 });
    await exporter.exportAll();
    await exporter.exportAll();
    expect(await lines()).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['metrics.jsonl']);
  });

  it.each([
    ['after whole ones', '{"version":1}\n', `{"version":1,"metr${'x'.repeat(200_000)}`],
    ['alone', '', '{"ver'],
  ])('cuts off the incomplete line that a killed process left %s', async (_, whole, half) => {
    const { registry } = filled();
    await writeFile(join(folder, 'metrics.jsonl'), whole + half);
    const document = await rotating(registry).exportAll();
    expect(await lines()).toEqual(whole === '' ? [document] : [{ version: 1 }, document]);
  });

  it('appends the missing lines later, each with its own timestamp', async () => {
    const { registry, clock } = filled();
    const exporter = new JsonExporter(registry, {
      outputFile: join(folder, 'none', 'metrics.jsonl'),
      rotation: {},
    });
    const times: string[] = [];
    for (let i = 0; i < 2; i++) {
      times.push(new Date(clock.now()).toISOString());
      await expect(exporter.exportAll()).rejects.toThrow('does not exist');
      clock.advance(1_000);
    }
    await mkdir(join(folder, 'none'));
    times.push((await exporter.exportAll()).timestamp);
    expect((await lines('none/metrics.jsonl')).map(({ timestamp }) => timestamp)).toEqual(times);
  });

  it('reports a full disk', async () => {
    const { registry } = filled();
    const exporter = new JsonExporter(registry, { outputFile: '/dev/full', rotation: {} });
    await expect(exporter.exportAll()).rejects.toThrow('cannot write /dev/full: ENOSPC');
  });
});

describe('the options of JsonExporter', () => {
  it.each<[unknown, string]>([
    [
      { outputFile: '' },
      '`outputFile` of the options of JsonExporter must be a file path; got the string "".',
    ],
    [{ file: 'x' }, 'Known keys: outputFile, rotation, intervalMs,'],
    [
      { rotation: { maxFiles: 0 } },
      '`rotation.maxFiles` of the options of JsonExporter must be a whole number of at least 1; got 0.',
    ],
    [
      { rotation: { size: 1 } },
      'Unknown key `size` in `rotation` of the options of JsonExporter. Known keys: maxBytes, maxFiles.',
    ],
    [
      { intervalMs: 0 },
      '`intervalMs` of the options of JsonExporter must be a number of milliseconds from 1',
    ],
  ])('reject %j', (options, message) => {
    const { registry } = testRegistry();
    expect(() => new JsonExporter(registry, options as JsonExporterOptions)).toThrow(message);
  });

  it('without a file make start() and shutdown() do nothing', async () => {
    const { registry } = testRegistry();
    const exporter = new JsonExporter(registry, {}, { logger: new KeptLog() });
    exporter.start();
    await exporter.shutdown();
    expect(await readdir(folder)).toEqual([]);
  });
});
