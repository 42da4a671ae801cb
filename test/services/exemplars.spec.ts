import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { MonitoringModule } from 'nestjs-monitoring';
import { ADAPTERS, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { eventually } from '../support/eventually.js';
import { instrumentHttp } from '../support/instrumented-http.js';
import { describeWith } from './support/binaries.js';
import { PrometheusServer } from './support/prometheus.server.js';

const POLL = { timeout: 20_000, interval: 200 };

@Controller('deals')
class DealsController {
  @Get()
  find(): string {
    return trace.getActiveSpan()?.spanContext().traceId ?? 'no trace';
  }
}

@Module({ imports: [MonitoringModule.forRoot()], controllers: [DealsController] })
class AppModule {}

describeWith(['prometheus'], 'a real Prometheus with storage for exemplars', () => {
  const provider = new NodeTracerProvider();
  const instrumentation = new HttpInstrumentation();
  const apps = new Map<string, RunningApp>();
  let prometheus: PrometheusServer;

  beforeAll(async () => {
    provider.register();
    instrumentation.setTracerProvider(provider);
    instrumentation.enable();
    instrumentHttp(instrumentation);
    for (const adapter of ADAPTERS) apps.set(adapter, await startApp(adapter, AppModule));
    const jobs = [...apps].map(([job, { port }]) => ({ job, url: `http://127.0.0.1:${port}/metrics` }));
    prometheus = await PrometheusServer.start(jobs);
    await prometheus.untilScraped();
  }, 60_000);

  afterAll(async () => {
    await prometheus?.stop();
    for (const app of apps.values()) await app.close();
    instrumentation.disable();
    await provider.shutdown();
    trace.disable();
    context.disable();
  });

  it.each(ADAPTERS)('stores which trace a request on %s belonged to', async (adapter) => {
    const answer = await apps.get(adapter)?.get('/deals');
    expect(answer?.body).toMatch(/^[0-9a-f]{32}$/);
    for (const name of ['http_requests_total', 'http_request_duration_seconds_bucket']) {
      const traces = async (): Promise<(string | undefined)[]> => {
        const stored = await prometheus.exemplars(`${name}{job="${adapter}",route="/deals"}`);
        return stored.map(({ labels }) => labels['trace_id']);
      };
      await eventually(async () => expect(await traces()).toContain(answer?.body), POLL);
    }
    expect(prometheus.complaints(adapter)).toEqual([]);
  });
});
