import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { MonitoringModule } from 'nestjs-monitoring';
import promClient from 'prom-client';
import { ADAPTERS, type AdapterName, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { decodeFamilies } from '../exporters/prometheus/protobuf-decoder.js';
import { eventually } from '../support/eventually.js';
import { describeWith } from './support/binaries.js';
import { PrometheusServer } from './support/prometheus.server.js';
import { protocDecode, protocEncode } from './support/protoc.js';
import { startTextFormatProxy } from './support/text-format.proxy.js';

const POLL = { timeout: 30_000, interval: 200 };
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const SAMPLES = 20_000;
const QUANTILES = [0.5, 0.95, 0.99];
/** Classic buckets of the histograms of this test, of which there is one more for +Inf. */
const BUCKETS = [0.001, 0.01, 0.1, 1, 10];

/** Numbers in (0, 1) that are the same in every run. */
function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

function normals(seed: number): () => number {
  const next = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
}

function samplesOf(next: () => number): readonly number[] {
  return Array.from({ length: SAMPLES }, next);
}

const [a, b, c, d, e, f] = [1, 2, 3, 4, 5, 6].map(normals) as [
  () => number,
  () => number,
  () => number,
  () => number,
  () => number,
  () => number,
];
const pick = uniforms(7);
const DISTRIBUTIONS: Readonly<Record<string, readonly number[]>> = {
  lognormal: samplesOf(() => Math.exp(-3 + a())),
  bimodal: samplesOf(() => (pick() < 0.7 ? 0.02 * Math.exp(0.1 * b()) : 5 * Math.exp(0.1 * b()))),
  negative: samplesOf(() => -Math.exp(2 + c())),
  // Not as wide as the others, since both signs share the buckets.
  both_signs: samplesOf(() => (pick() < 0.3 ? -1 : 1) * Math.exp(0.5 * d())),
  tiny: samplesOf(() => 1e-7 * Math.exp(0.5 * e())),
  huge: samplesOf(() => 1e12 * Math.exp(0.5 * f())),
};

/** The smallest value that a share of all values does not exceed. */
function exactQuantile(values: readonly number[], q: number): number {
  return values.toSorted((x, y) => x - y)[Math.ceil(q * values.length) - 1] ?? NaN;
}

@Controller('deals')
class DealsController {
  @Get()
  find(): string {
    return 'deals';
  }
}

/** Metrics of another library, of each of its types. */
function bridgedRegistry(): promClient.Registry {
  const register = new promClient.Registry();
  const registers = [register];
  new promClient.Counter({ name: 'their_jobs_total', help: 'Jobs.', registers }).inc(3);
  new promClient.Gauge({ name: 'their_size', help: 'Size.', registers }).set(-2);
  new promClient.Histogram({ name: 'their_seconds', help: 'Time.', buckets: [1], registers }).observe(0.5);
  new promClient.Summary({ name: 'their_bytes', help: 'Bytes.', percentiles: [0.5], registers }).observe(10);
  return register;
}

@Module({
  imports: [MonitoringModule.forRoot({ bridges: { promClient: bridgedRegistry() } })],
  controllers: [DealsController],
})
class AppModule {}

describeWith(['prometheus', 'protoc'], 'a real Prometheus that asks for native histograms', () => {
  const apps = new Map<AdapterName, RunningApp>();
  const stops: (() => Promise<void>)[] = [];
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    const jobs: { job: string; url: string }[] = [];
    for (const adapter of ADAPTERS) {
      const app = await startApp(adapter, AppModule);
      stops.unshift(() => app.close());
      apps.set(adapter, app);
      const url = `http://127.0.0.1:${app.port}`;
      const proxy = await startTextFormatProxy(url);
      stops.unshift(() => proxy.stop());
      jobs.push(
        { job: adapter, url: `${url}/metrics` },
        { job: `${adapter}_text`, url: `${proxy.url}/metrics` },
      );
      for (const [name, values] of Object.entries(DISTRIBUTIONS)) {
        const histogram = app.registry.histogram(name, 'Values.', { buckets: BUCKETS });
        for (const value of values) histogram.observe(value);
      }
      app.registry.histogram('empty', 'No values.', { buckets: BUCKETS });
      const removed = app.registry.timer('removed_seconds', 'A series.', { labelNames: ['job_name'] });
      for (const name of ['stays', 'goes']) removed.observe({ job_name: name }, 1, { trace_id: 'abc' });
      for (let i = 0; i < 5; i++) await app.get('/deals');
    }
    prometheus = await PrometheusServer.start(jobs, ['native-histograms', 'exemplar-storage']);
    stops.unshift(() => prometheus.stop());
    await prometheus.untilScraped();
  }, 60_000);

  afterAll(async () => {
    for (const stop of stops) await stop();
  });

  const appOf = (adapter: AdapterName): RunningApp => {
    const app = apps.get(adapter);
    if (app === undefined) throw new Error(`The application on ${adapter} has not started.`);
    return app;
  };
  /** The value of a query. After a scrape that took too long, there is none until the next one. */
  const valueOf = (query: string): Promise<number> =>
    eventually(async () => {
      const [sample] = await prometheus.query(query);
      if (sample === undefined) throw new Error(`nothing is known of ${query}`);
      return sample.value;
    }, POLL);

  it.each(ADAPTERS)('computes the quantiles of an application on %s within 1 %%', async (adapter) => {
    for (const [name, values] of Object.entries(DISTRIBUTIONS)) {
      for (const q of QUANTILES) {
        const exact = exactQuantile(values, q);
        const stored = await valueOf(`histogram_quantile(${q}, ${name}{job="${adapter}"})`);
        const error = Math.abs(stored / exact - 1);
        expect([name, q, error < 0.01 ? 'within 1 %' : error]).toEqual([name, q, 'within 1 %']);
      }
    }
  });

  it.each(ADAPTERS)('stores the count and the sum of an application on %s exactly', async (adapter) => {
    for (const [name, values] of Object.entries(DISTRIBUTIONS)) {
      const selector = `${name}{job="${adapter}"}`;
      expect(await valueOf(`histogram_count(${selector})`)).toBe(SAMPLES);
      expect(await valueOf(`histogram_sum(${selector})`)).toBe(values.reduce((sum, value) => sum + value, 0));
    }
    expect(await valueOf(`histogram_count(empty{job="${adapter}"})`)).toBe(0);
    const requests = `http_request_duration_seconds{job="${adapter}",route="/deals"}`;
    expect(await valueOf(`histogram_count(${requests})`)).toBe(5);
  });

  it.each(ADAPTERS)('stores one series where there are eight in text, on %s', async (adapter) => {
    const named = (job: string) => prometheus.series(`{__name__=~"lognormal.*",job="${job}"}`);
    expect(await named(adapter)).toHaveLength(1);
    expect(await named(`${adapter}_text`)).toHaveLength(BUCKETS.length + 3);
  });

  it.each(ADAPTERS)('stores everything else as from text, on %s', async (adapter) => {
    for (const [query, value] of [
      [`http_requests_total{job="JOB",route="/deals"}`, 5],
      [`their_jobs_total{job="JOB"}`, 3],
      [`their_size{job="JOB"}`, -2],
      [`their_seconds_bucket{job="JOB",le=~"1|1.0"}`, 1],
      [`their_seconds_count{job="JOB"}`, 1],
      [`their_bytes{job="JOB",quantile="0.5"}`, 10],
      [`their_bytes_sum{job="JOB"}`, 10],
    ] as const) {
      for (const job of [adapter, `${adapter}_text`])
        expect([query, await valueOf(query.replace('JOB', job))]).toEqual([query, value]);
    }
    const typesAndHelp = async (job: string) => {
      const metadata = await prometheus.metadata(job);
      return metadata.map(({ metric, type, help }) => `${metric} ${type} ${help}`);
    };
    // A collector may have added a metric between the scrapes of the two.
    await eventually(
      async () => expect(await typesAndHelp(adapter)).toEqual(await typesAndHelp(`${adapter}_text`)),
      POLL,
    );
    expect(prometheus.complaints(adapter)).toEqual([]);
  });

  it.each(ADAPTERS)('stores the exemplars of an application on %s', async (adapter) => {
    const exemplars = () => prometheus.exemplars(`removed_seconds{job="${adapter}",job_name="stays"}`);
    await eventually(async () => {
      expect(await exemplars()).toEqual([{ labels: { trace_id: 'abc' }, value: 1 }]);
    }, POLL);
  });

  it.each(ADAPTERS)(
    'gets classic buckets beside the native ones from %s, as protoc decodes them',
    async (adapter) => {
      const { headers, bytes } = await appOf(adapter).get('/metrics', { headers: { accept: PROTOBUF } });
      expect(headers['content-type']).toBe(PROTOBUF.replaceAll(';', '; '));
      const text = protocDecode(bytes);
      // An unknown field is shown by its number.
      expect(text.split('\n').filter((line) => /^\s*\d+(?::| \{)/.test(line))).toEqual([]);
      const families = decodeFamilies(bytes);
      expect(decodeFamilies(protocEncode(text))).toEqual(families);
      const [metric] = families.get('lognormal')?.metrics ?? [];
      const below = (bound: number) => DISTRIBUTIONS['lognormal']?.filter((value) => value <= bound).length;
      expect(metric?.buckets).toEqual(
        [...BUCKETS, Infinity].map((upperBound) => ({ upperBound, count: below(upperBound) })),
      );
      expect(metric?.native?.schema).toBe(3);
      const types = new Set([...families.values()].map(({ type }) => type));
      expect(types).toEqual(new Set(['COUNTER', 'GAUGE', 'HISTOGRAM', 'SUMMARY']));
    },
  );

  it.each(ADAPTERS)('sees a removed series of an application on %s end', async (adapter) => {
    const names = async () => {
      const stored = await prometheus.query(`histogram_count(removed_seconds{job="${adapter}"})`);
      return stored.map(({ labels }) => labels['job_name'] ?? '').toSorted((x, y) => (x < y ? -1 : 1));
    };
    await eventually(async () => expect(await names()).toEqual(['goes', 'stays']), POLL);
    const removed = appOf(adapter).registry.timer('removed_seconds', 'A series.', {
      labelNames: ['job_name'],
    });
    removed.remove({ job_name: 'goes' });
    await eventually(async () => expect(await names()).toEqual(['stays']), POLL);
  });

  it.each(ADAPTERS)('takes a reset of an application on %s for one', async (adapter) => {
    const { registry } = appOf(adapter);
    registry.resetAll();
    const histogram = registry.histogram('lognormal', 'Values.', { buckets: BUCKETS });
    for (let i = 0; i < 10; i++) histogram.observe(0.25);
    const selector = `lognormal{job="${adapter}"}`;
    await eventually(async () => expect(await valueOf(`histogram_count(${selector})`)).toBe(10), POLL);
    // What the reset took is not negative, and only what came after it is an increase.
    const increase = await valueOf(`histogram_count(increase(${selector}[5m]))`);
    expect(increase).toBeGreaterThan(0);
    expect(increase).toBeLessThan(SAMPLES);
    const quantile = await valueOf(`histogram_quantile(0.5, ${selector})`);
    expect(Math.abs(quantile / 0.25 - 1)).toBeLessThan(0.02);
    expect(prometheus.complaints(adapter)).toEqual([]);
  });
});
