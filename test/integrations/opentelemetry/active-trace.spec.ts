import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ConsoleLogger, Controller, Get, Injectable, Logger, Module } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  ParentBasedSampler,
  SimpleSpanProcessor,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace-node';
import { ActiveTrace, type MonitoringOptions, MonitoringModule } from 'nestjs-monitoring';
import { findActiveTrace } from '../../../lib/integrations/opentelemetry/active-trace.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../../e2e/fixture/start-app.js';
import { parseExposition } from '../../exporters/prometheus/exposition-parser.js';
import { instrumentHttp } from '../../support/instrumented-http.js';

/** Two traces in the format of W3C Trace Context, one sampled and one not. */
const RECORDED = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const NOT_RECORDED = '00-5cf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';

@Injectable()
class TracedLogger extends ConsoleLogger {
  readonly lines: object[] = [];

  constructor(private readonly active: ActiveTrace) {
    super({ json: true });
  }

  protected override getJsonLogObject(...args: Parameters<ConsoleLogger['getJsonLogObject']>) {
    return { ...super.getJsonLogObject(...args), ...this.active.current() };
  }

  protected override printAsJson(...[message, options]: Parameters<ConsoleLogger['printAsJson']>): void {
    if (options.context === 'Deals') this.lines.push(this.getJsonLogObject(message, options));
  }
}

@Controller('deals')
class DealsController {
  private readonly logger = new Logger('Deals');

  @Get()
  async find(): Promise<string> {
    await new Promise((resolve) => void setImmediate(resolve));
    this.logger.log('found');
    return 'found';
  }
}

function moduleWith(options: MonitoringOptions): new () => object {
  @Module({
    imports: [MonitoringModule.forRoot(options)],
    controllers: [DealsController],
    providers: [TracedLogger],
  })
  class AppModule {}
  return AppModule;
}

async function exemplarsOf(app: RunningApp, name: string): Promise<unknown[]> {
  const { body } = await app.get('/metrics', { headers: { accept: 'application/openmetrics-text' } });
  return [...parseExposition(body, 'openmetrics').values()]
    .flatMap(({ samples }) => samples)
    .filter((sample) => sample.name === name && sample.exemplar !== undefined)
    .map(({ exemplar }) => exemplar?.labels);
}

async function counted(app: RunningApp, requests: number): Promise<void> {
  await eventually(async () => {
    const samples = await app.samples('http_requests_total');
    const sum = samples.reduce((total, { value }) => total + value, 0);
    if (sum < requests) throw new Error(`${sum} of ${requests} requests counted`);
  });
}

function throwing(): never {
  throw new Error('no tracer');
}

describe('without the SDK of OpenTelemetry', () => {
  it('finds no trace, even if its API is installed', async () => {
    const active = await findActiveTrace();
    expect(active.exemplars).toBeUndefined();
    expect(active.current()).toBeUndefined();
  });

  it('finds no trace without its API', async () => {
    const active = await findActiveTrace(() => Promise.reject(new Error('ERR_MODULE_NOT_FOUND')));
    expect(active.exemplars).toBeUndefined();
    expect(active.current()).toBeUndefined();
  });
});

/** The label of a request whose record is kept. */
const RECORD = { record_id: expect.stringMatching(/^\w+$/) };

describe('with the SDK of OpenTelemetry', () => {
  const spans = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(0) }),
    spanProcessors: [new SimpleSpanProcessor(spans)],
  });
  const instrumentation = new HttpInstrumentation();
  let running: RunningApp | undefined;

  beforeAll(() => {
    provider.register();
    instrumentation.setTracerProvider(provider);
    instrumentation.enable();
    instrumentHttp(instrumentation);
  });

  afterEach(async () => {
    await running?.close();
    running = undefined;
    spans.reset();
  });

  afterAll(async () => {
    instrumentation.disable();
    await provider.shutdown();
    trace.disable();
    context.disable();
  });

  it.each(ADAPTERS)('adds the exemplar of a sampled trace to requests on %s', async (adapter) => {
    running = await startApp(adapter, moduleWith({}));
    await running.get('/deals', { headers: { traceparent: RECORDED } });
    await counted(running, 1);
    const [server] = spans.getFinishedSpans();
    const spanContext = server?.spanContext();
    const expected = { ...RECORD, trace_id: spanContext?.traceId, span_id: spanContext?.spanId };
    expect(expected.trace_id).toBe(RECORDED.split('-')[1]);
    expect(await exemplarsOf(running, 'http_requests_total')).toEqual([expected]);
    expect(await exemplarsOf(running, 'http_request_duration_seconds_bucket')).toEqual([expected]);
  });

  it.each(ADAPTERS)('names no unsampled trace in the exemplars of requests on %s', async (adapter) => {
    running = await startApp(adapter, moduleWith({}));
    await running.get('/deals', { headers: { traceparent: NOT_RECORDED } });
    await counted(running, 1);
    expect(await exemplarsOf(running, 'http_requests_total')).toEqual([RECORD]);
  });

  it('adds no exemplars if switched off, or those of another tracer', async () => {
    running = await startApp('express', moduleWith({ exemplars: false }));
    await running.get('/deals', { headers: { traceparent: RECORDED } });
    await counted(running, 1);
    expect(await exemplarsOf(running, 'http_requests_total')).toEqual([]);
    await running.close();

    running = await startApp('express', moduleWith({ exemplars: () => ({ trace_id: 'of another' }) }));
    await running.get('/deals');
    await counted(running, 1);
    expect(await exemplarsOf(running, 'http_requests_total')).toEqual([
      { ...RECORD, trace_id: 'of another' },
    ]);
  });

  it('loses only the trace if the function for exemplars throws', async () => {
    running = await startApp('fastify', moduleWith({ exemplars: throwing }));
    expect((await running.get('/deals')).body).toBe('found');
    await counted(running, 1);
    expect(await exemplarsOf(running, 'http_requests_total')).toEqual([RECORD]);
  });

  it.each(ADAPTERS)('gives log lines on %s the fields of their trace', async (adapter) => {
    running = await startApp(adapter, moduleWith({}), {
      configure: (app) => app.useLogger(app.get(TracedLogger)),
    });
    const logger = running.app.get(TracedLogger);
    await running.get('/deals', { headers: { traceparent: RECORDED } });
    const trace_id = RECORDED.split('-')[1];
    expect(logger.lines).toMatchObject([{ message: 'found', trace_id, trace_flags: '01' }]);
  });
});

const broken = (): never => {
  throw new Error('no tracer');
};
const withSpan = (getActiveSpan: () => unknown) =>
  new ActiveTrace({ trace: { getActiveSpan } } as unknown as ConstructorParameters<typeof ActiveTrace>[0]);

describe('a broken tracer', () => {
  it.each<[string, () => unknown]>([
    ['fails', broken],
    ['gives a span without a context', () => ({})],
    ['gives a span that fails', () => ({ spanContext: broken })],
    ['gives a context of nothing', () => ({ spanContext: () => null })],
    [
      'gives a context of other types',
      () => ({ spanContext: () => ({ traceId: 1, spanId: 2, traceFlags: '01' }) }),
    ],
    [
      'gives a context that fails',
      () => ({
        spanContext: () => ({
          get traceId() {
            return broken();
          },
        }),
      }),
    ],
  ])('that %s gives no trace and throws nothing', (_, getActiveSpan) => {
    const active = withSpan(getActiveSpan);
    expect(active.current()).toBeUndefined();
    expect(active.exemplars?.()).toBeUndefined();
  });
});
