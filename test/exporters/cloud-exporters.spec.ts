import { inspect } from 'node:util';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import {
  CloudWatchExporter,
  DatadogExporter,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  OtlpExporter,
} from 'nestjs-monitoring';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { resolveDatadog } from '../../lib/exporters/datadog/datadog.options.js';
import { resolveExporters } from '../../lib/exporters/exporters.options.js';
import { resolveOtlp } from '../../lib/exporters/otlp/otlp.options.js';
import { ADAPTERS, startApp } from '../e2e/fixture/start-app.js';
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
  vi.unstubAllEnvs();
  client.destroy();
  await Promise.all([cloudWatch.stop(), datadog.stop(), otlp.stop()]);
});

describe.each(ADAPTERS)('the remotes of an application on %s', (adapter) => {
  it('are told of its requests at the latest when it ends', async () => {
    const exporters: MonitoringOptions['exporters'] = {
      cloudWatch: { namespace: 'EnterpriseLand', client, metrics: ['http_requests_total'] },
      datadog: { apiKey: KEY, url: datadog.url, transport: 'fetch', metrics: ['http_requests_total'] },
      otlp: { url: `${otlp.url}/v1/metrics`, metrics: ['http_requests_total'] },
    };
    const running = await startApp(adapter, {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ exporters })],
    });
    await running.get('/nowhere');
    await running.recorded(1);
    await running.close();
    expect(cloudWatch.taken).toMatchObject([{ MetricName: 'http_requests_total', Value: 1 }]);
    expect(datadog.taken).toMatchObject([{ metric: 'http_requests_total', values: [1] }]);
    expect(otlp.taken).toMatchObject([{ metric: 'http_requests_total', value: 1 }]);
  });
});

describe('exporters by hand', () => {
  it('send what has happened since the last time', async () => {
    const registry = aRegistry();
    const exporter = new CloudWatchExporter(registry, { namespace: 'EnterpriseLand', client });
    await exporter.exportAll();
    registry.counter('orders_total', 'Orders.', { labels: { shop: 'north' } }).inc(2);
    await exporter.exportAll();
    await exporter.shutdown();
    const orders = cloudWatch.taken.filter(({ MetricName }) => MetricName === 'orders_total');
    expect(orders.map(({ Value }) => Value)).toEqual([3, 2]);
  });

  it('say what CloudWatch would cost', async () => {
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

  it('estimate with other prices, and the next metrics by the next price', async () => {
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

  it('stop when Datadog does not accept the key, and show it nowhere', async () => {
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

  it('show no header of a collector', () => {
    const headers = { authorization: 'Bearer nobody-may-see' };
    const exporter = new OtlpExporter(aRegistry(), { headers });
    expect(inspect(exporter, { depth: 20 })).not.toContain('nobody-may-see');
  });
});

describe('the options', () => {
  it.each<[object, string]>([
    [{ cloudWatch: { namespace: 'AWS/EC2' } }, 'Expected exporters.cloudWatch.namespace to be'],
    [
      { cloudWatch: { namespace: 'E', prices: { customMetrics: [[10, 1]] } } },
      'Expected exporters.cloudWatch.prices.customMetrics to be a list of',
    ],
    [
      { cloudWatch: { namespace: 'E', rollUps: ['route'] } },
      'Expected exporters.cloudWatch.rollUps to be a list of lists',
    ],
    [{ datadog: { apiKey: '' } }, 'Expected exporters.datadog.apiKey to be a text that is not empty'],
    [
      { datadog: { apiKey: 'k', site: 'datadoghq.org' } },
      'Expected exporters.datadog.site to be one of datadoghq.com,',
    ],
    [
      { datadog: { apiKey: 'k', intervalMs: 500 } },
      'Expected exporters.datadog.intervalMs to be at least 1000 milliseconds',
    ],
    [{ datadog: { apiKey: 'k', colour: 1 } }, 'Expected exporters.datadog to have only the keys apiKey,'],
    [{ otlp: { url: 'collector:4318' } }, 'Expected exporters.otlp.url to be an http or https URL'],
    [{ otlp: { protocol: 'grpc' } }, 'Expected exporters.otlp.protocol to be http/protobuf or http/json'],
    [{ otlp: { metrics: 'a' } }, 'Expected exporters.otlp.metrics to be a list of names'],
  ])('%j are refused at start-up', (exporters, message) => {
    vi.stubEnv('DD_API_KEY', undefined);
    expect(() => resolveExporters(exporters)).toThrow(message);
  });

  it('are refused without showing secrets', () => {
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

  it('come from the variables that each of them is known by', () => {
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
      },
    );
    expect(fromOpenTelemetry).toMatchObject({
      url: 'http://collector:4318/v1/metrics',
      headers: { 'x-key': 'a b', 'x-tenant': '1' },
      protocol: 'http/json',
      temporality: 'delta',
      histograms: 'exponential',
      resourceAttributes: { 'service.name': 'orders', region: 'eu' },
    });
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
