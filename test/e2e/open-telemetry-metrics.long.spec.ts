import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, type LoggerService, Module, type Type } from '@nestjs/common';
import { type Counter, metrics } from '@opentelemetry/api';
import { HostMetrics } from '@opentelemetry/host-metrics';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { registerOpenTelemetryMetrics } from 'nestjs-monitoring/metrics';
import { OtlpServer } from '../exporters/otlp/otlp.server.js';
import { parseExposition } from '../exporters/prometheus/exposition-parser.js';
import { instrumentHttp } from '../support/instrumented-http.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

@Injectable()
class OrdersService {
  private readonly placed: Counter;

  constructor() {
    // Of the global provider, in a constructor, as the instrumentation of a library does it.
    this.placed = metrics
      .getMeter('shop', '1.2.0')
      .createCounter('orders.placed', { description: 'Orders placed.' });
    this.placed.add(1, { channel: 'constructor' });
  }

  place(channel: string): void {
    this.placed.add(1, { channel });
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: OrdersService) {}

  @Get()
  place(): string {
    this.orders.place('web');
    return 'placed';
  }
}

function moduleWith(options: MonitoringOptions, isAsync = false): Type {
  @Module({
    imports: [
      isAsync
        ? MonitoringModule.forRootAsync({ useFactory: async () => Promise.resolve(options) })
        : MonitoringModule.forRoot(options),
    ],
    controllers: [OrdersController],
    providers: [OrdersService],
  })
  class AppModule {}
  return AppModule;
}

const ON: MonitoringOptions = { bridges: { openTelemetry: true } };

async function familyOf(app: RunningApp, name: string) {
  const { body } = await app.get('/metrics');
  return parseExposition(body, 'prometheus').get(name);
}

function countsOf(family: Awaited<ReturnType<typeof familyOf>>) {
  return family?.samples.filter((sample) => sample.name.endsWith('_count'));
}

describe.each(ADAPTERS)('instruments of OpenTelemetry in an application on %s', (adapter) => {
  const instrumentation = new HttpInstrumentation();
  let running: RunningApp | undefined;

  beforeAll(() => {
    instrumentation.setMeterProvider(registerOpenTelemetryMetrics());
    instrumentation.enable();
    instrumentHttp(instrumentation);
  });

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  afterAll(() => instrumentation.disable());

  it('are on /metrics, with the measurements of a constructor', async () => {
    running = await startApp(adapter, moduleWith(ON));
    await running.get('/orders');
    await running.get('/orders');
    expect(await familyOf(running, 'orders_placed_total')).toMatchObject({
      type: 'counter',
      help: 'Orders placed.',
      samples: expect.arrayContaining([
        {
          name: 'orders_placed_total',
          labels: { channel: 'web', otel_scope_name: 'shop', otel_scope_version: '1.2.0' },
          value: 2,
        },
        expect.objectContaining({ labels: expect.objectContaining({ channel: 'constructor' }), value: 1 }),
      ]),
    });
  });

  it('are those of the instrumentation of HTTP, beside the metrics of this library', async () => {
    running = await startApp(adapter, moduleWith(ON));
    const app = running;
    await app.get('/orders');
    const server = await eventually(async () => {
      const family = await familyOf(app, 'http_server_request_duration_seconds');
      expect(countsOf(family)).not.toEqual([]);
      return family;
    });
    expect(server?.type).toBe('histogram');
    expect(countsOf(server)?.[0]).toMatchObject({
      labels: {
        http_request_method: 'GET',
        http_response_status_code: '200',
        otel_scope_name: '@opentelemetry/instrumentation-http',
        url_scheme: 'http',
      },
    });
    const bounds = server?.samples.flatMap(({ labels }) => labels['le'] ?? []);
    // The advice of the instrumentation, instead of the buckets of the SDK.
    expect(bounds?.slice(0, 3)).toEqual(['0.005', '0.01', '0.025']);
    expect(await app.samples('http_requests_total')).not.toEqual([]);
  });

  it('leave the names of the conventions to the metrics of this library, which know the route', async () => {
    running = await startApp(adapter, moduleWith({ ...ON, conventions: 'otel' }));
    const app = running;
    await app.get('/orders');
    await eventually(async () => {
      const counts = countsOf(await familyOf(app, 'http_server_request_duration_seconds'));
      expect(counts?.map(({ labels }) => labels['http_route'])).toContain('/orders');
      expect(countsOf(await familyOf(app, 'otel_http_server_request_duration_seconds'))).not.toEqual([]);
    });
  });

  it('keep their name beside a metric of this library, with a prefix', async () => {
    running = await startApp(adapter, moduleWith(ON));
    const app = running;
    await app.get('/orders');
    // The requests of this test are those of a client, too.
    await eventually(async () => {
      expect(countsOf(await familyOf(app, 'otel_http_client_request_duration_seconds'))).not.toEqual([]);
    });
  });

  it.each(['prometheus', 'otel'] as const)(
    'are pushed by OTLP beside the metrics of this library, each request once: %s',
    async (conventions) => {
      const collector = await new OtlpServer().start();
      try {
        // Increases add up, also if a full hour comes in between.
        const otlp = {
          url: `${collector.url}/v1/metrics`,
          intervalMs: 3_600_000,
          temporality: 'delta',
        } as const;
        running = await startApp(adapter, moduleWith({ ...ON, conventions, exporters: { otlp } }));
        for (let i = 0; i < 5; i++) await running.get('/orders');
        await running.close();
        running = undefined;
        expect(collector.refusals).toEqual([]);
        const durations = collector.taken.filter(({ metric }) => /server.request.duration/.test(metric));
        const countOf = (metric: string): number =>
          durations.filter((point) => point.metric === metric).reduce((sum, { count = 0 }) => sum + count, 0);
        expect(new Set(durations.map(({ metric }) => metric))).toEqual(
          new Set(['http.server.request.duration', 'otel_http_server_request_duration_seconds']),
        );
        expect(countOf('http.server.request.duration')).toBe(5);
        expect(countOf('otel_http_server_request_duration_seconds')).toBe(5);
        const [own] = durations.filter(({ metric }) => metric === 'http.server.request.duration');
        expect(own).toMatchObject({ unit: 's', attributes: { 'http.route': '/orders' } });
      } finally {
        await collector.stop();
      }
    },
  );

  it('are refused with another kind or unit for a name, with a warning, and do not count twice', async () => {
    const warnings: string[] = [];
    const logger: LoggerService = {
      log: () => undefined,
      error: () => undefined,
      warn: (message: string) => void warnings.push(message),
    };
    running = await startApp(adapter, moduleWith({ bridges: { openTelemetry: { unitSuffixes: false } } }), {
      nest: { logger },
    });
    const meter = registerOpenTelemetryMetrics().getMeter('shop');
    meter.createHistogram('wait.duration', { unit: 's' }).record(1);
    meter.createHistogram('wait.duration', { unit: 'ms' }).record(1_000);
    meter.createCounter('wait.duration', { unit: 's' }).add(1);
    expect(await running.samples('wait_duration_count')).toEqual([expect.objectContaining({ value: 1 })]);
    expect(warnings.filter((warning) => warning.includes('wait'))).toEqual([
      'The OpenTelemetry instrument "wait.duration" of "shop" is not recorded: wait_duration is the name of an instrument with the unit "s". Its measurements are counted in monitoring_dropped_samples_total.',
    ]);
    const dropped = await running.samples('monitoring_dropped_samples_total');
    expect(dropped.filter(({ labels }) => labels['metric'] === 'wait.duration')).toEqual([
      expect.objectContaining({ value: 2 }),
    ]);
  });

  it('are those of a batch callback of the metrics of the host', async () => {
    running = await startApp(adapter, moduleWith(ON));
    const host = new HostMetrics({ name: 'host' });
    host.start();
    const app = running;
    await eventually(async () => {
      const cpu = await familyOf(app, 'system_cpu_time_seconds_total');
      expect(cpu?.samples.map(({ labels }) => labels['cpu_mode'] ?? labels['system_cpu_state'])).toContain(
        'user',
      );
    });
    expect(await familyOf(app, 'monitoring_collector_success')).toMatchObject({
      samples: expect.arrayContaining([
        expect.objectContaining({
          labels: { collector: expect.stringMatching(/^opentelemetry /) },
          value: 1,
        }),
      ]),
    });
  });

  it('are recorded with options that come from a factory, if they are registered before', async () => {
    // Nest creates the service before the factory has returned.
    registerOpenTelemetryMetrics();
    running = await startApp(adapter, moduleWith(ON, true));
    await running.get('/orders');
    expect(await running.samples('orders_placed_total')).toContainEqual(
      expect.objectContaining({ labels: expect.objectContaining({ channel: 'web' }), value: 1 }),
    );
  });

  it.each<MonitoringOptions>([{}, { ...ON, enabled: false }])('are not recorded with %j', async (options) => {
    running = await startApp(adapter, moduleWith(options));
    await running.get('/orders');
    expect(running.registry.getMetric('orders_placed_total')).toBeUndefined();
  });
});
