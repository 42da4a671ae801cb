import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonMetrics } from 'nestjs-monitoring/exporters';
import { parseExposition } from '../e2e/fixture/exposition.js';
import { CloudWatchServer } from '../exporters/cloudwatch/cloudwatch.server.js';
import { DatadogServer } from '../exporters/datadog/datadog.server.js';
import { OtlpServer } from '../exporters/otlp/otlp.server.js';
import { RemoteWriteServer } from '../exporters/remote-write/remote-write.server.js';
import { describeWith, requireBinary } from './support/binaries.js';
import { buildSampleApp } from './support/built.js';
import { freePort } from './support/free-port.js';
import { SampleAppServer } from './support/sample-app.server.js';
import { ServerProcess } from './support/server.process.js';

const KEY = '0123456789abcdef0123456789abcdef';
const REQUESTS = 7;

describeWith(['prometheus-pushgateway'], 'the sample application with every exporter switched on', () => {
  const cloudWatch = new CloudWatchServer();
  const datadog = new DatadogServer(KEY);
  const otlp = new OtlpServer();
  const remoteWrite = new RemoteWriteServer();
  let gateway: ServerProcess;
  let gatewayUrl = '';
  let folder = '';
  let metricsFile = '';

  beforeAll(async () => {
    await buildSampleApp();
    const port = await freePort();
    gatewayUrl = `http://127.0.0.1:${port}`;
    gateway = await ServerProcess.start({
      command: requireBinary('prometheus-pushgateway'),
      args: [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file='],
      isReady: async () => (await fetch(`${gatewayUrl}/-/ready`)).ok,
    });
    await Promise.all([cloudWatch.start(), datadog.start(), otlp.start(), remoteWrite.start()]);
    folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-sample-'));
    metricsFile = join(folder, 'metrics.json');
    const app = await SampleAppServer.start('express', {
      METRICS_FILE: metricsFile,
      PUSHGATEWAY_URL: gatewayUrl,
      REMOTE_WRITE_URL: `${remoteWrite.url}/api/v1/write`,
      CLOUDWATCH_NAMESPACE: 'EnterpriseLand',
      AWS_REGION: 'eu-central-1',
      AWS_ENDPOINT_URL: cloudWatch.url,
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      DD_API_KEY: KEY,
      DD_URL: datadog.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      // On a busy machine, six of them at once may take longer than the five seconds that they have.
      LAST_PUSH_TIMEOUT_MS: '60000',
    });
    for (let i = 0; i < REQUESTS; i++) {
      const response = await fetch(`${app.url}/api/users`);
      expect(response.status).toBe(200);
      await response.text();
    }
    // What has not been pushed by then is pushed as it ends.
    await app.stop();
  }, 240_000);

  afterAll(async () => {
    await gateway.stop();
    await Promise.all([cloudWatch.stop(), datadog.stop(), otlp.stop(), remoteWrite.stop()]);
    await rm(folder, { recursive: true, force: true });
  });

  it('writes the file', async () => {
    const { metrics } = JSON.parse(await readFile(metricsFile, 'utf8')) as JsonMetrics;
    const requests = metrics['http_requests_total'];
    const series = requests?.type === 'counter' ? requests.series : [];
    expect(series.find(({ labels }) => labels['route'] === '/api/users')?.value).toBe(REQUESTS);
  });

  it('tells the Pushgateway', async () => {
    const samples = parseExposition(await (await fetch(`${gatewayUrl}/metrics`)).text());
    const own = samples.filter(
      ({ name, labels }) => name === 'http_requests_total' && labels['route'] === '/api/users',
    );
    expect(own).toMatchObject([{ labels: { job: 'enterprise-land' }, value: REQUESTS }]);
  });

  it('tells a receiver of remote write', () => {
    const requests = [...remoteWrite.series.values()].filter(
      ({ labels }) => labels['__name__'] === 'http_requests_total' && labels['route'] === '/api/users',
    );
    expect(requests).toMatchObject([{ labels: { job: 'enterprise-land' } }]);
    expect(requests[0]?.samples.slice(-2)).toMatchObject([{ value: REQUESTS }, { value: 'stale' }]);
    expect(remoteWrite.refusals).toEqual([]);
  });

  it('tells CloudWatch', () => {
    const requests = cloudWatch.taken.filter(
      ({ MetricName, Dimensions = [] }) =>
        MetricName === 'http_requests_total' && Dimensions.some(({ Value }) => Value === '/api/users'),
    );
    expect(requests.reduce((sum, { Value = NaN }) => sum + Value, 0)).toBe(REQUESTS);
    expect(cloudWatch.refusals).toEqual([]);
  });

  it('tells Datadog', () => {
    const requests = datadog.taken.filter(
      ({ metric, tags }) => metric === 'http_requests_total' && tags.includes('route:/api/users'),
    );
    expect(requests.reduce((sum, { values: [value = NaN] }) => sum + value, 0)).toBe(REQUESTS);
    expect(datadog.refusals).toEqual([]);
  });

  it('tells a collector of OpenTelemetry', () => {
    const requests = otlp.taken.filter(
      ({ metric, attributes }) =>
        metric === 'http.server.request.duration' && attributes['http.route'] === '/api/users',
    );
    expect(requests.at(-1)).toMatchObject({
      count: REQUESTS,
      resource: { 'service.name': 'enterprise-land' },
    });
    expect(otlp.refusals).toEqual([]);
  });
});
