import { inspect } from 'node:util';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MetricsRegistry, MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { CloudWatchExporter, DatadogExporter, OtlpExporter } from 'nestjs-monitoring/exporters';
import { resolveDatadog } from '../../lib/exporters/datadog/datadog.options.js';
import { resolveExporters } from '../../lib/exporters/exporters.options.js';
import { resolveOtlp } from '../../lib/exporters/otlp/otlp.options.js';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';
import { FakeClock } from '../metrics/support.js';
import { restoreEnv, stubEnv } from '../support/environment.js';
import { CloudWatchServer } from './cloudwatch/cloudwatch.server.js';
import { DatadogServer } from './datadog/datadog.server.js';
import { OtlpServer } from './otlp/otlp.server.js';

const KEY = 'a-key-that-nobody-may-see';

let cloudWatch: CloudWatchServer;
let datadog: DatadogServer;
let otlp: OtlpServer;
let client: CloudWatchClient;

beforeEach(async () => {
  cloudWatch = await new CloudWatchServer().start();
  datadog = await new DatadogServer(KEY).start();
  otlp = await new OtlpServer().start();
  client = new CloudWatchClient({
    region: 'eu-central-1',
    endpoint: cloudWatch.url,
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
  });
});

afterEach(async () => {
  restoreEnv();
  client.destroy();
  await Promise.all([cloudWatch.stop(), datadog.stop(), otlp.stop()]);
});

describe.each(ADAPTERS)('the push exporters of an application on %s', (adapter) => {
  it('have sent all requests when the application has ended', async () => {
    const exporters: MonitoringOptions['exporters'] = {
      cloudWatch: { namespace: 'EnterpriseLand', client, metrics: ['http_requests_total'] },
      datadog: { apiKey: KEY, url: datadog.url, transport: 'fetch', metrics: ['http_requests_total'] },
      otlp: { url: `${otlp.url}/v1/metrics`, metrics: ['http_requests_total'] },
    };
    const running = await startApp(adapter, {
      module: class AppModule {},
      // By its clock no full minute begins, at which the exporters push, too.
      imports: [MonitoringModule.forRoot({ exporters, clock: new FakeClock(Date.now()) })],
    });
    await running.get('/nowhere');
    await running.recorded(1);
    await running.close();
    expect(cloudWatch.taken).toMatchObject([{ MetricName: 'http_requests_total', Value: 1 }]);
    expect(datadog.taken).toMatchObject([{ metric: 'http_requests_total', values: [1] }]);
    expect(otlp.taken).toMatchObject([{ metric: 'http.server.request.duration', count: 1 }]);
  });
});

describe('exporters without a module', () => {
  it('send the changes since the last export', async () => {
    const registry = aRegistry();
    const exporter = new CloudWatchExporter(registry, { namespace: 'EnterpriseLand', client });
    await exporter.exportAll();
    registry.counter('orders_total', 'Orders.', { labels: { shop: 'north' } }).inc(2);
    await exporter.exportAll();
    await exporter.shutdown();
    const orders = cloudWatch.taken.filter(({ MetricName }) => MetricName === 'orders_total');
    expect(orders.map(({ Value }) => Value)).toEqual([3, 2]);
  });

  it('preview the cost of CloudWatch', async () => {
    const registry = new MetricsRegistry();
    const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['shop'] });
    for (let shop = 0; shop < 999; shop++) orders.inc({ shop });
    const exporter = new CloudWatchExporter(registry, {
      namespace: 'EnterpriseLand',
      client,
      metrics: ['orders_total'],
      rollUps: [[]],
    });
    // 1000 metrics at 0.30, and a call a minute at 0.01 a thousand.
    expect(await exporter.previewCost()).toEqual({
      customMetrics: 1_000,
      byMetric: [{ name: 'orders_total', customMetrics: 1_000 }],
      callsPerMonth: 43_800,
      usdPerMonth: 300.44,
    });
  });

  it('preview the cost with other prices and tiers', async () => {
    const registry = new MetricsRegistry();
    const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['shop'] });
    for (let shop = 0; shop < 30; shop++) orders.inc({ shop });
    const prices = {
      customMetrics: [
        [10, 1],
        [Infinity, 0.5],
      ] as const,
      thousandCalls: 0,
    };
    const options = { namespace: 'EnterpriseLand', client, metrics: ['orders_total'], prices };
    expect((await new CloudWatchExporter(registry, options).previewCost()).usdPerMonth).toBe(20);
  });

  it('stop on an API key that Datadog does not accept, without showing it', async () => {
    const wrong = 'another-key-that-nobody-may-see';
    const exporter = new DatadogExporter(aRegistry(), {
      apiKey: wrong,
      url: datadog.url,
      transport: 'fetch',
    });
    const failure: unknown = await exporter.exportAll().catch((error: unknown) => error);
    expect(String(failure)).toContain('Datadog does not accept the API key');
    expect(inspect([failure, exporter], { depth: 20, showHidden: true })).not.toContain(wrong);
  });

  it('do not show the headers of a collector', () => {
    const headers = { authorization: 'Bearer nobody-may-see' };
    const exporter = new OtlpExporter(aRegistry(), { headers });
    expect(inspect(exporter, { depth: 20 })).not.toContain('nobody-may-see');
  });
});

describe('the options of the exporters', () => {
  it.each<[object, string]>([
    [{ cloudWatch: { namespace: 'AWS/EC2' } }, '`exporters.cloudWatch.namespace` must be'],
    [
      { cloudWatch: { namespace: 'E', prices: { customMetrics: [[10, 1]] } } },
      '`exporters.cloudWatch.prices.customMetrics` must be an array of',
    ],
    [
      { cloudWatch: { namespace: 'E', rollUps: ['route'] } },
      '`exporters.cloudWatch.rollUps` must be an array of arrays',
    ],
    [{ datadog: { apiKey: '' } }, '`exporters.datadog.apiKey` must be a non-empty string'],
    [
      { datadog: { apiKey: 'k', site: 'datadoghq.org' } },
      '`exporters.datadog.site` must be one of datadoghq.com,',
    ],
    [
      { datadog: { apiKey: 'k', intervalMs: 500 } },
      '`exporters.datadog.intervalMs` must be at least 1000 milliseconds',
    ],
    [{ datadog: { apiKey: 'k', colour: 1 } }, 'Known keys: apiKey,'],
    [{ otlp: { url: 'collector:4318' } }, '`exporters.otlp.url` must be an http or https URL'],
    [{ otlp: { protocol: 'grpc' } }, '`exporters.otlp.protocol` must be http/protobuf or http/json'],
    [{ otlp: { metrics: 'a' } }, '`exporters.otlp.metrics` must be an array of metric names'],
  ])('%j are refused at start-up', (exporters, message) => {
    stubEnv('DD_API_KEY', undefined);
    expect(() => resolveExporters(exporters)).toThrow(message);
  });

  it('are rejected without showing secrets', () => {
    expect(reading({ datadog: { apiKey: `${KEY}\n` } })).toThrow(/^(?!.*nobody).*line break/s);
    expect(reading({ otlp: { url: 'http://user:nobody@host/' } })).toThrow(/^(?!.*nobody).*credentials/s);
    for (const url of [
      'https://user:nobody@host',
      'https://user:nobody@bad host',
      'ftp://user:nobody@host',
    ]) {
      expect(reading({ datadog: { apiKey: KEY, url } })).toThrow(/^(?!.*nobody).*without user and password/s);
    }
    expect(reading({ otlp: { headers: { authorization: 'nobody\n' } } })).toThrow(
      /^(?!.*nobody).*printable/s,
    );
  });

  it.each(['Host', 'connection', 'Content-Type', 'content-encoding', 'CONTENT-LENGTH', 'transfer-encoding'])(
    'are rejected with the header %s, which the exporter sets',
    (name) => {
      expect(reading({ otlp: { headers: { [name]: 'nobody' } } })).toThrow(
        `\`exporters.otlp.headers\` must not contain the header "${name}", which the exporter sets for each request. Remove it.`,
      );
    },
  );

  it('default to the environment variables of each vendor', () => {
    const fromDatadog = resolveDatadog(
      'o',
      {},
      {
        DD_API_KEY: KEY,
        DD_SITE: 'datadoghq.eu',
        DD_SERVICE: 'orders',
        DD_ENV: 'live',
        DD_VERSION: '7',
        DD_HOSTNAME: 'web-1',
      },
    );
    expect(fromDatadog).toMatchObject({
      apiKey: KEY,
      url: 'https://api.datadoghq.eu',
      host: 'web-1',
      tags: { service: 'orders', env: 'live', version: '7' },
    });
    const fromOpenTelemetry = resolveOtlp(
      'o',
      {},
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b,x-tenant=1',
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'Delta',
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
        OTEL_SERVICE_NAME: 'orders',
        OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,region=eu',
        OTEL_METRIC_EXPORT_INTERVAL: '15000',
        OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      },
    );
    expect(fromOpenTelemetry).toMatchObject({
      url: 'http://collector:4318/v1/metrics',
      headers: { 'x-key': 'a b', 'x-tenant': '1' },
      protocol: 'http/json',
      temporality: 'delta',
      histograms: 'exponential',
      resourceAttributes: { 'service.name': 'orders', region: 'eu' },
      intervalMs: 15_000,
      timeoutMs: 2_500,
    });
  });

  it('win over the environment, in which an invalid duration is as good as none', () => {
    const environment = { OTEL_METRIC_EXPORT_INTERVAL: '1m', OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '-1' };
    expect(resolveOtlp('o', {}, environment)).toMatchObject({ intervalMs: 60_000, timeoutMs: 10_000 });
    const options = { intervalMs: 5_000, timeoutMs: 1_000 };
    const valid = { OTEL_METRIC_EXPORT_INTERVAL: '15000', OTEL_EXPORTER_OTLP_TIMEOUT: '2500' };
    expect(resolveOtlp('o', options, valid)).toMatchObject(options);
  });
});

function aRegistry(): MetricsRegistry {
  const registry = new MetricsRegistry();
  registry.counter('orders_total', 'Orders.', { labels: { shop: 'north' } }).inc(3);
  return registry;
}

function reading(exporters: object): () => unknown {
  return () => resolveExporters(exporters);
}
