import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  type Histogram,
  MetricsRegistry,
  MonitoringModule,
  type MonitoringOptions,
  PrometheusExporter,
} from 'nestjs-monitoring';
import { restoreEnv, stubNpm } from '../support/environment.js';
import { itOnLinux } from '../support/on-linux.js';
import { parseExposition, type Sample } from './fixture/exposition.js';
import { startConventionsApp } from './fixture/conventions-app.js';
import { ADAPTERS, type RunningApp } from './fixture/start-app.js';

const CONVENTIONS = ['prometheus', 'otel', 'both'] as const;

/** The metrics with names of a convention; the others are those of the machine and of this library. */
const FOLLOWING = /^(http|db|rpc|process|nodejs|v8js|target)_/;
/** Metrics without a series until something happens that no test causes, such as a garbage collection or a slow request. */
const OCCASIONAL =
  /^(http_slow|nodejs_gc|nodejs_heap_(size_)?after_gc|v8js_gc|nodejs_active|nodejs_eventloop_blocks|nodejs_memory_(growth|leak))/;

/** The shapes of the first adapter, which those of the second one must equal. */
const shapes = new Map<string, string[]>();

/** Returns each metric as `name type [labels]`, without the values. */
function shapeOf(exposition: string): string[] {
  const types = new Map(
    Array.from(exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name = '', type = '']) => [name, type]),
  );
  const labels = new Map<string, Set<string>>([...types.keys()].map((name) => [name, new Set()]));
  for (const sample of parseExposition(exposition)) {
    const base = sample.name.replace(/_(bucket|sum|count)$/, '');
    const name = types.has(sample.name) ? sample.name : base;
    for (const label of Object.keys(sample.labels)) if (label !== 'le') labels.get(name)?.add(label);
  }
  return [...types]
    .filter(([name]) => FOLLOWING.test(name) && !OCCASIONAL.test(name))
    .map(([name, type]) => `${name} ${type} ${[...(labels.get(name) ?? [])].toSorted().join(' ')}`.trim())
    .toSorted();
}

/** Returns the labels of the samples of a name, in any order of the series. */
function labelsOf(samples: readonly Sample[], name: string): Readonly<Record<string, string>>[] {
  return samples.filter((sample) => sample.name === name && sample.value > 0).map(({ labels }) => labels);
}

/** Sends what is no HTTP, and waits until the server has closed the connection. */
async function refuse(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.resume().end('NO HTTP AT ALL\r\n\r\n');
  await once(socket, 'close');
}

describe.each(ADAPTERS)('the convention of the metrics on %s', (adapter) => {
  describe.each(CONVENTIONS)('%s', (conventions) => {
    let app: RunningApp;
    let text: string;
    let samples: Sample[];
    beforeAll(async () => {
      stubNpm();
      app = await startConventionsApp(adapter, { conventions, defaultLabels: { team: 'a"b\\c\nd' } });
      app.registry
        .counter('http_server_custom_total', 'Of the application.', { labelNames: ['method'] })
        .inc({
          method: 'OTHER',
        });
      text = (await app.get('/metrics')).body;
      samples = parseExposition(text);
    });
    afterAll(async () => {
      await app.close();
      restoreEnv();
    });

    itOnLinux('gives every metric a name, a type and labels', () => {
      const shape = shapeOf(text);
      const known = shapes.get(conventions);
      if (known === undefined) {
        shapes.set(conventions, shape);
        expect(shape).toMatchSnapshot();
      } else expect(shape).toEqual(known);
    });

    it('never renames a metric of the application', () => {
      expect(labelsOf(samples, 'http_server_custom_total')).toEqual([{ team: 'a"b\\c\nd', method: 'OTHER' }]);
    });

    it('exposes no series twice', () => {
      const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      const series = lines.map((line) => line.slice(0, line.lastIndexOf(' ')));
      expect(series.filter((each, i) => series.indexOf(each) !== i)).toEqual([]);
      const heads = Array.from(text.matchAll(/^# TYPE (\S+)/gm), ([, name]) => name);
      expect(new Set(heads).size).toBe(heads.length);
    });

    it('keeps the vitals of the application', async () => {
      const { body } = await app.get('/metrics-dashboard/api/overview');
      expect(JSON.parse(body)).toHaveProperty('vitals');
    });
  });

  describe('otel, by the specification', () => {
    let app: RunningApp;
    let samples: Sample[];
    beforeAll(async () => {
      app = await startConventionsApp(adapter, { conventions: 'otel' });
      await refuse(app.port);
      samples = parseExposition((await app.get('/metrics')).body);
    });
    afterAll(() => app.close());

    it('gives semantic names the attributes of the specification', () => {
      const base = { url_scheme: 'http', http_request_method: 'GET' };
      expect(labelsOf(samples, 'http_server_request_duration_seconds_count')).toEqual(
        expect.arrayContaining([
          { ...base, http_route: '/deals/:id', http_response_status_code: '200' },
          { ...base, http_route: '/broken', http_response_status_code: '503', error_type: '503' },
          // No route, no attribute.
          { ...base, http_response_status_code: '404' },
          { url_scheme: 'http', http_request_method: '_OTHER', http_response_status_code: '404' },
        ]),
      );
      const client = { http_request_method: 'GET', server_address: '127.0.0.1' };
      expect(labelsOf(samples, 'http_client_request_duration_seconds_count')).toEqual(
        expect.arrayContaining([
          { ...client, server_port: expect.stringMatching(/^\d+$/), error_type: 'ECONNREFUSED' },
          {
            ...client,
            server_port: String(app.port),
            http_response_status_code: '503',
            error_type: '503',
          },
        ]),
      );
      const statement = { db_system_name: 'sqlite', db_operation_name: 'INSERT', db_collection_name: 'deal' };
      expect(labelsOf(samples, 'db_client_operation_duration_seconds_count')).toEqual(
        expect.arrayContaining([statement, { ...statement, error_type: 'integrity_constraint' }]),
      );
      expect(labelsOf(samples, 'rpc_server_call_duration_seconds_count')).toEqual(
        expect.arrayContaining([
          { rpc_system_name: 'tcp', rpc_method: 'deals.count' },
          { rpc_system_name: 'tcp', rpc_method: 'deals.fail', error_type: '_OTHER' },
          { rpc_system_name: 'tcp', rpc_method: '_OTHER', error_type: '_OTHER' },
        ]),
      );
      expect(labelsOf(samples, 'process_cpu_time_seconds_total')).toEqual([
        { cpu_mode: 'user' },
        { cpu_mode: 'system' },
      ]);
      const [info] = labelsOf(samples, 'target_info');
      expect(info).toMatchObject({ service_name: expect.any(String) });
    });

    it('has the buckets that the specification advises', () => {
      const boundsOf = (name: string) => [
        ...new Set(
          samples.filter((sample) => sample.name === `${name}_bucket`).map(({ labels }) => labels['le']),
        ),
      ];
      const http = '0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10 +Inf'.split(' ');
      expect(boundsOf('http_server_request_duration_seconds')).toEqual(http);
      expect(boundsOf('http_client_request_duration_seconds')).toEqual(http);
      expect(boundsOf('rpc_server_call_duration_seconds')).toEqual(http);
      expect(boundsOf('db_client_operation_duration_seconds')).toEqual(
        '0.001 0.005 0.01 0.05 0.1 0.5 1 5 10 +Inf'.split(' '),
      );
    });

    it('counts the requests without a duration by themselves', () => {
      expect(labelsOf(samples, 'http_rejected_requests_total')).toEqual([
        { http_request_method: '_OTHER', http_response_status_code: '400' },
      ]);
    });
  });

  it('takes the bounds and the service name that are given', async () => {
    const options: MonitoringOptions = {
      conventions: 'otel',
      http: { buckets: [1] },
      collectors: { build: { name: 'shop', version: '1.2.3' } },
    };
    const app = await startConventionsApp(adapter, options);
    const samples = parseExposition((await app.get('/metrics')).body);
    expect(labelsOf(samples, 'target_info')).toEqual([{ service_name: 'shop', service_version: '1.2.3' }]);
    const bounds = samples.filter(({ name }) => name === 'http_server_request_duration_seconds_bucket');
    expect(new Set(bounds.map(({ labels }) => labels['le']))).toEqual(new Set(['1', '+Inf']));
    await app.close();
  });

  it('knows the scheme of a server with TLS', async () => {
    const module = {
      module: class AppModule {},
      imports: [MonitoringModule.forRoot({ conventions: 'otel' })],
    };
    // Nobody connects, so that it needs no certificate.
    const http = adapter === 'express' ? new ExpressAdapter() : new FastifyAdapter({ https: {} });
    const app = await NestFactory.create(module, http, {
      logger: false,
      ...(adapter === 'express' && { httpsOptions: {} }),
    });
    await app.init();
    const duration = app.get(MetricsRegistry).getMetric('http_request_duration_seconds') as Histogram<string>;
    duration.observe({ method: 'GET', route: '/', status_code: '200' }, 1);
    const samples = parseExposition(await app.get(PrometheusExporter).generateText());
    expect(labelsOf(samples, 'http_server_request_duration_seconds_count')).toMatchObject([
      { url_scheme: 'https', http_route: '/' },
    ]);
    await app.close();
  });
});
