import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry } from 'nestjs-monitoring';
import { RemoteWriteExporter, type RemoteWriteExporterOptions } from 'nestjs-monitoring/exporters';
import { ExporterMetrics } from '../../lib/exporters/push/exporter-metrics.js';
import { KeptLog } from '../exporters/push/support.js';
import { FakeClock, scalars } from '../metrics/support.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { RemoteWriteProxy } from './support/remote-write.proxy.js';
import { RECEIVERS, RemoteWriteReceiver } from './support/remote-write.receiver.js';

const TIMEOUT_MS = 1_000;
const KINDS = ['deal', 'lead', 'é "quoted"\\'];

/** One process of an application that pushes. */
function startProcess(url: string, instance: string, options: Partial<RemoteWriteExporterOptions> = {}) {
  const registry = new MetricsRegistry({ logger: new KeptLog() });
  const metrics = new ExporterMetrics(registry);
  const log = new KeptLog();
  const exporter = new RemoteWriteExporter(
    registry,
    {
      url,
      intervalMs: 250,
      timeoutMs: TIMEOUT_MS,
      shutdownTimeoutMs: 20_000,
      labels: { job: 'shop', instance },
      ...options,
    },
    { metrics, logger: log, random: () => 0 },
  );
  const work = registry.counter('work_total', 'Work.', { labelNames: ['kind'] });
  const size = registry.histogram('size_items', 'Sizes.', { labelNames: ['kind'], buckets: [1, 10, 1e6] });
  const of = (metric: string) => scalars(registry, `monitoring_exporter_${metric}`)[0]?.value;
  return { registry, exporter, work, size, of, log };
}

describe.each(Object.entries(RECEIVERS))('%s', (name, kind) => {
  describeWith([kind.binary], `as a receiver of remote write: ${name}`, () => {
    let receiver: RemoteWriteReceiver;
    let proxy: RemoteWriteProxy;

    beforeAll(async () => {
      receiver = await RemoteWriteReceiver.start(kind);
    });
    afterAll(() => receiver.stop());
    beforeEach(async () => {
      proxy = await RemoteWriteProxy.start(receiver.writeUrl, 2 * TIMEOUT_MS);
    });
    afterEach(() => proxy.stop());

    it('has every sample, through failures of the network and restarts of both sides', async () => {
      const expected: Record<string, number> = {};
      let observed = 0;
      const run = async (instance: string, whileRunning: (step: number) => Promise<void> | void) => {
        const { exporter, work, size, of } = startProcess(proxy.url, instance);
        await exporter.open();
        exporter.start();
        for (let step = 0; step < 25; step++) {
          await whileRunning(step);
          const one = KINDS[step % KINDS.length]!;
          work.inc({ kind: one }, step);
          expected[one] = (expected[one] ?? 0) + step;
          size.observe({ kind: one }, step);
          observed++;
          await sleep(100);
        }
        // Each request that a busy machine holds up is one more that is repeated after a pause.
        await eventually(() => expect(proxy.fates).toEqual([]), 120_000);
        await exporter.shutdown();
        expect(of('dropped_points_total')).toBe(0);
        return of('failures_total') ?? 0;
      };
      proxy.fates.push('pass', 503, 'pass', 'cut before', 'pass', 'cut after', 'answer late', 'pass', 429);
      expect(await run('first', () => undefined)).toBeGreaterThanOrEqual(5);
      proxy.fates.push('hand on late', 'pass', 'pass', 'hand on late', 'cut after', 'hand on late');
      await run('second', (step) => (step === 12 ? receiver.restart() : undefined));
      await proxy.untilAllHandedOn();

      const sent = new Map<string, Map<number, number>>();
      for (const { labels, samples } of proxy.sent) {
        if (labels['__name__'] !== 'work_total') continue;
        const own = sent.get(`${labels['instance']} ${labels['kind']}`) ?? new Map<number, number>();
        sent.set(`${labels['instance']} ${labels['kind']}`, own);
        for (const { timestamp, value } of samples) if (value !== 'stale') own.set(timestamp, value);
      }
      // VictoriaMetrics answers as of one second ago.
      await eventually(async () => {
        expect(await receiver.query('sum by (kind) (max_over_time(work_total{job="shop"}[1h]))')).toEqual(
          expected,
        );
        expect(await receiver.query('sum(max_over_time(size_items_count{job="shop"}[1h]))')).toEqual({
          '': observed,
        });
        const stored = await receiver.samples('work_total{job="shop"}');
        expect(
          new Map(
            stored.map(({ labels, samples }) => [
              `${labels['instance']} ${labels['kind']}`,
              new Map(samples),
            ]),
          ),
        ).toEqual(sent);
      });
      expect(proxy.refusals).toEqual([]);
    }, 60_000);

    it('knows at once which series are gone, and that a process has ended', async () => {
      const { exporter, work, registry } = startProcess(proxy.url, 'ending');
      const users = registry.gauge('users', 'Users.', { labelNames: ['kind'] });
      work.inc({ kind: 'deal' }, 3);
      users.set({ kind: 'free' }, 1);
      users.set({ kind: 'paid' }, 2);
      await exporter.open();
      exporter.start();
      await eventually(async () => expect(await receiver.query('users')).toEqual({ free: 1, paid: 2 }));
      users.remove({ kind: 'free' });
      await eventually(async () => expect(await receiver.query('users')).toEqual({ paid: 2 }));
      await eventually(async () =>
        expect(await receiver.query('work_total{instance="ending"}')).toEqual({ deal: 3 }),
      );
      await exporter.shutdown();
      // VictoriaMetrics answers as of one second ago.
      await eventually(async () => expect(await receiver.query('{instance="ending"}')).toEqual({}));
      expect(proxy.refusals).toEqual([]);
    });

    it('shows the buckets of a histogram as it would after a scrape', async () => {
      const { exporter, size } = startProcess(proxy.url, 'buckets');
      for (let i = 1; i <= 100; i++) size.observe({ kind: 'deal' }, i / 10);
      await exporter.exportAll();
      const buckets = await receiver.samples('size_items_bucket{instance="buckets"}');
      expect(
        Object.fromEntries(buckets.map(({ labels, samples }) => [labels['le'], samples.at(-1)?.[1]])),
      ).toEqual({ '1.0': 10, '10.0': 100, '1e+06': 100, '+Inf': 100 });
      const median = 'histogram_quantile(0.5, size_items_bucket{instance="buckets"})';
      await eventually(async () => expect((await receiver.query(median))['deal']).toBeCloseTo(5, 0));
    });

    it('gets the metadata of every metric', async () => {
      const { exporter, work } = startProcess(proxy.url, 'metadata');
      work.inc({ kind: 'deal' });
      await exporter.exportAll();
      expect(proxy.metadata.get('work_total')).toEqual({
        type: 1,
        metricFamilyName: 'work_total',
        help: 'Work.',
        unit: '',
      });
      expect(proxy.metadata.get('size_items')).toMatchObject({ type: 3 });
    });
  });
});

describeWith(['prometheus'], 'what Prometheus alone does with remote write', () => {
  let receiver: RemoteWriteReceiver;
  beforeAll(async () => {
    receiver = await RemoteWriteReceiver.start(RECEIVERS.Prometheus);
  });
  afterAll(() => receiver.stop());

  it('reads native histograms', async () => {
    const { exporter, size } = startProcess(receiver.writeUrl, 'native', { nativeHistograms: {} });
    for (let i = 1; i <= 1_000; i++) size.observe({ kind: 'deal' }, i / 10);
    await exporter.open();
    exporter.start();
    await eventually(async () => {
      expect(await receiver.query('histogram_count(size_items)')).toEqual({ deal: 1_000 });
    });
    expect((await receiver.query('histogram_sum(size_items)'))['deal']).toBeCloseTo(50_050, 5);
    for (const [quantile, value] of [
      [0.5, 50],
      [0.95, 95],
      [0.99, 99],
    ] as const) {
      const found = (await receiver.query(`histogram_quantile(${quantile}, size_items)`))['deal']!;
      expect(Math.abs(found / value - 1)).toBeLessThan(0.02);
    }
    expect(await receiver.query('size_items_count')).toEqual({ deal: 1_000 });
    await exporter.shutdown();
    expect(await receiver.query('histogram_count(size_items)')).toEqual({});
  });

  it('stores exemplars', async () => {
    const { exporter, work } = startProcess(receiver.writeUrl, 'exemplars');
    work.inc({ kind: 'deal' }, 1, { trace_id: 'abc' });
    await exporter.exportAll();
    const now = Date.now() / 1_000;
    const stored = await receiver.api<{ exemplars: { labels: object; value: string }[] }[]>(
      'query_exemplars',
      {
        query: 'work_total{instance="exemplars"}',
        start: String(now - 60),
        end: String(now + 60),
      },
    );
    expect(stored.flatMap(({ exemplars }) => exemplars)).toMatchObject([
      { labels: { trace_id: 'abc' }, value: '1' },
    ]);
  });

  it('rejects samples that are out of order, and only these are lost', async () => {
    const { exporter, work } = startProcess(receiver.writeUrl, 'twice', { metrics: ['work_total'] });
    for (const kind of KINDS) work.inc({ kind }, 5);
    await exporter.exportAll();
    // Another process with the same labels, whose clock is late.
    const registry = new MetricsRegistry({
      clock: new FakeClock(Date.now() - 60_000),
      logger: new KeptLog(),
    });
    const metrics = new ExporterMetrics(registry);
    const late = registry.counter('work_total', 'Work.', { labelNames: ['kind'] });
    for (const kind of ['deal', 'new', 'newer']) late.inc({ kind }, 7);
    const options = {
      url: receiver.writeUrl,
      metrics: ['work_total'],
      labels: { job: 'shop', instance: 'twice' },
    };
    const other = new RemoteWriteExporter(registry, options, { metrics });
    await expect(other.exportAll()).rejects.toThrow('400 out of order sample');
    expect(scalars(registry, 'monitoring_exporter_dropped_points_total')[0]?.value).toBe(1);
    const stored = await receiver.samples('work_total{instance="twice"}');
    expect(
      Object.fromEntries(
        stored.map(({ labels, samples }) => [labels['kind'], samples.map(([, value]) => value)]),
      ),
    ).toEqual({ deal: [5], lead: [5], [KINDS[2]!]: [5], new: [7], newer: [7] });
  });

  it('rejects samples that are too old, which is tried once', async () => {
    const { exporter, work } = startProcess(receiver.writeUrl, 'now');
    work.inc({ kind: 'deal' });
    await exporter.exportAll();
    const proxy = await RemoteWriteProxy.start(receiver.writeUrl, 1);
    const registry = new MetricsRegistry({
      clock: new FakeClock(Date.now() - 6 * 60 * 60_000),
      logger: new KeptLog(),
    });
    const old = registry.counter('old_total', 'Old.', { labelNames: ['kind'] });
    for (const kind of KINDS) old.inc({ kind });
    const late = new RemoteWriteExporter(registry, { url: proxy.url, metadata: false });
    await expect(late.exportAll()).rejects.toThrow('400 out of bounds');
    expect(proxy.requests).toBe(1);
    await proxy.stop();
  });

  it('is asked for later if its receiver is not enabled', async () => {
    const { exporter, work } = startProcess(`${receiver.url}/api/v1/nowhere`, 'nowhere');
    work.inc({ kind: 'deal' });
    await expect(exporter.exportAll()).rejects.toMatchObject({ remedy: 'stop' });
    expect(exporter.stopReason).toContain('check the options url, headers and credentials');
  });
});
