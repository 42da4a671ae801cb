import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import {
  createServer,
  get as httpGet,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Injectable, type LoggerService, Param, Post } from '@nestjs/common';
import { Redis } from 'ioredis';
import {
  AlertingMonitor,
  HealthCheckProvider,
  MonitorPerformance,
  PrometheusExporter,
  TrackErrors,
} from 'nestjs-monitoring';
import { SlackAlertHandler } from 'nestjs-monitoring/alerting';
import {
  DatadogExporter,
  JsonExporter,
  OtlpExporter,
  PushgatewayExporter,
  RemoteWriteExporter,
} from 'nestjs-monitoring/exporters';
import { Pool } from 'pg';
import { EndpointRouter } from '../../lib/http/endpoint.router.js';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { FixtureModule } from '../e2e/fixture/fixture.module.js';
import { head, RawConnection } from '../e2e/fixture/http-client.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';

/** What nobody may read anywhere; each is planted in the place that it is called by. */
const SECRETS = {
  bearer: 'planted-bearer-token',
  header: 'planted-header',
  cookie: 'planted-cookie',
  query: 'planted-query',
  body: 'planted-body',
  path: 'planted-path',
  unmatched: 'planted-unmatched-path',
  method: 'PLANTEDMETHOD',
  error: 'planted-error-message',
  thrown: 'planted-thrown-text',
  argument: 'planted-argument',
  outgoingPath: 'planted-outgoing-path',
  outgoingQuery: 'planted-outgoing-query',
  outgoingPassword: 'planted-outgoing-password',
  outgoingHeader: 'planted-outgoing-header',
  wrongToken: 'planted-wrong-token',
  redisPassword: 'planted-redis-password',
  postgresPassword: 'planted-postgres-password',
  checkPassword: 'planted-check-password',
  statement: 'planted-statement-value',
  datadogKey: 'planted-datadog-key',
  otlpHeader: 'planted-otlp-header',
  gatewayPassword: 'planted-gateway-password',
  gatewayHeader: 'planted-gateway-header',
  remoteWriteToken: 'planted-remote-write-token',
  webhookPath: 'planted-webhook-path',
} as const;

/** A remote that refuses, and repeats what it was sent as gateways do that mean to help. */
class EchoingRemote {
  readonly bodies: string[] = [];
  private readonly server: Server = createServer(
    (incoming, response) => void this.refuse(incoming, response),
  );

  async start(): Promise<this> {
    this.server.listen(0, '127.0.0.1');
    await eventually(() => expect(this.server.listening).toBe(true));
    return this;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  private async refuse(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of incoming as AsyncIterable<Buffer>) pieces.push(piece);
    this.bodies.push(Buffer.concat(pieces).toString('latin1'));
    const shown = Object.entries(incoming.headers).filter(([name]) => /auth|key|secret/.test(name));
    response.writeHead(403).end(`no entry with ${JSON.stringify(Object.fromEntries(shown))}`);
  }
}

let remote: EchoingRemote;

@Injectable()
class Orders {
  @TrackErrors({ metricName: 'orders_errors_total' })
  @MonitorPerformance({ name: 'orders_find' })
  async find(id: string): Promise<void> {
    await Promise.resolve();
    throw new TypeError(`no order ${id} for ${SECRETS.error}`);
  }
}

@HealthCheckProvider({ name: 'warehouse', critical: false })
class WarehouseHealth {
  check(): never {
    throw new Error(`cannot reach amqp://***@warehouse${SECRETS.checkPassword}@warehouse:5672/stock`);
  }
}

@Controller()
class LeakyController {
  constructor(private readonly orders: Orders) {}

  @Get('orders/:id')
  order(@Param('id') id: string): Promise<void> {
    return this.orders.find(`${id} ${SECRETS.argument}`);
  }

  @Post('login')
  login(@Body() body: object): object {
    return { ok: Object.keys(body).length };
  }

  @Get('throws')
  throws(): never {
    // Not even an error.
    throw SECRETS.thrown;
  }

  @Get('outgoing')
  async outgoing(): Promise<string> {
    const headers = { authorization: `Bearer ${SECRETS.outgoingHeader}` };
    await fetch(`${remote.url}/${SECRETS.outgoingPath}?token=${SECRETS.outgoingQuery}`, { headers });
    await new Promise<void>((resolve) => {
      httpGet(
        `http://app:${SECRETS.outgoingPassword}@127.0.0.1:${remote.port}/?${SECRETS.outgoingQuery}`,
        (answer) => {
          answer.resume().on('end', resolve);
        },
      );
    });
    await fetch(`http://app.invalid/${SECRETS.outgoingPath}?${SECRETS.outgoingQuery}`).catch(() => undefined);
    return 'done';
  }
}

describe.each(ADAPTERS)('secrets that an application on %s comes across', (adapter) => {
  const outputs = new Map<string, string>();
  const folder = mkdtempSync(join(tmpdir(), 'monitoring-secrets-'));
  const authorized = { authorization: `Bearer ${SECRETS.bearer}` };
  const logged: string[] = [];
  let app: RunningApp;

  const logger: LoggerService = Object.fromEntries(
    ['log', 'warn', 'error', 'debug', 'verbose', 'fatal'].map((level) => [
      level,
      (...said: unknown[]) => void logged.push(said.map(String).join(' ')),
    ]),
  ) as unknown as LoggerService;

  beforeAll(async () => {
    remote = await new EchoingRemote().start();
    const redis = new Redis(`redis://app:${SECRETS.redisPassword}@127.0.0.1:1/0`, {
      lazyConnect: true,
      retryStrategy: () => null,
    });
    redis.on('error', () => undefined);
    const pool = new Pool({
      connectionString: `postgres://app:${SECRETS.postgresPassword}@127.0.0.1:1/shop`,
    });
    pool.on('error', () => undefined);
    const outputFile = join(folder, 'metrics.json');
    app = await startApp(
      adapter,
      FixtureModule.with(
        {
          endpoints: { auth: { bearerToken: SECRETS.bearer } },
          history: { intervalMs: 500 },
          alerting: {
            intervalMs: 500,
            rules: [
              {
                name: 'always',
                condition: { metric: 'monitoring_history_series', operator: '>=', threshold: 0 },
                severity: 'critical',
                message: 'Always.',
              },
            ],
            handlers: [new SlackAlertHandler({ url: `${remote.url}/${SECRETS.webhookPath}` })],
          },
          exporters: {
            json: { outputFile },
            datadog: { apiKey: SECRETS.datadogKey, url: remote.url, transport: 'fetch' },
            otlp: {
              url: `${remote.url}/v1/metrics`,
              headers: { 'x-secret': SECRETS.otlpHeader },
              compression: 'none',
            },
            pushgateway: {
              url: remote.url,
              jobName: 'test',
              basicAuth: { username: 'app', password: SECRETS.gatewayPassword },
              headers: { 'x-secret': SECRETS.gatewayHeader },
            },
            remoteWrite: { url: `${remote.url}/write`, bearerToken: SECRETS.remoteWriteToken },
          },
        },
        {
          controllers: [LeakyController],
          providers: [
            Orders,
            WarehouseHealth,
            { provide: 'redis', useValue: redis },
            { provide: 'pool', useValue: pool },
          ],
        },
      ),
      { nest: { logger, bodyParser: true } },
    );

    await plant();
    await pool.query(`SELECT '${SECRETS.statement}'`).catch(() => undefined);
    await redis.set('session', SECRETS.statement).catch(() => undefined);
    await app.app.get(HistorySampler).sampleNow();
    const host = `127.0.0.1:${remote.port} responded with status 403`;
    await eventually(() => expect(logged.join('\n')).toContain(host), 20_000);
    await collectOutputs(outputFile);
    redis.disconnect();
    await pool.end();
    await app.close();
    outputs.set('the logs', logged.join('\n'));
    outputs.set('what the exporters sent', remote.bodies.join('\n'));
  }, 60_000);

  afterAll(() => {
    remote.stop();
    rmSync(folder, { recursive: true });
  });

  /** Requests with a secret in every place that there is. */
  async function plant(): Promise<void> {
    const headers = {
      authorization: `Bearer ${SECRETS.header}`,
      'x-api-key': SECRETS.header,
      'user-agent': SECRETS.header,
      referer: `http://example.com/?${SECRETS.header}`,
      'x-forwarded-for': SECRETS.header,
      cookie: `session=${SECRETS.cookie}`,
      'x-monitoring-request': SECRETS.header,
      'content-type': 'application/json',
    };
    const ask = (path: string, method = 'GET', body?: string) =>
      app.ask({ path, method, headers, ...(body !== undefined && { body }) });
    await ask(`/orders/${SECRETS.path}?token=${SECRETS.query}`);
    await ask(`/login?password=${SECRETS.query}`, 'POST', JSON.stringify({ password: SECRETS.body }));
    await ask('/login', 'POST', `{"password": ${SECRETS.body}`);
    await ask('/throws');
    await ask('/outgoing');
    await ask(`/${SECRETS.unmatched}/${SECRETS.unmatched}?${SECRETS.query}`);
    await ask(`/metrics?name[]=${SECRETS.query}`);
    await ask(
      `/metrics-dashboard/api/silence?${SECRETS.query}`,
      'POST',
      JSON.stringify({ alert: SECRETS.body }),
    );
    await app.get('/metrics', { headers: { authorization: `Bearer ${SECRETS.wrongToken}` } });
    await app.get('/health', { headers: { authorization: `Basic ${SECRETS.wrongToken}` } });
    const raw = new RawConnection(app.port);
    raw.send(head(SECRETS.method, '/', { connection: 'close' }));
    await raw.closed;
    const odd = new RawConnection(app.port);
    odd.send(head('GET', `/%zz${SECRETS.path}`, { connection: 'close', cookie: SECRETS.cookie }));
    await odd.closed;
  }

  async function collectOutputs(outputFile: string): Promise<void> {
    const note = async (what: string, path: string, headers: Record<string, string>): Promise<void> => {
      const { body, headers: answered } = await app.get(path, { headers });
      outputs.set(what, `${JSON.stringify(answered)} ${body}`);
    };
    await note('health for everybody', '/health', {});
    for (const { path, method = 'GET' } of app.app.get(EndpointRouter).endpoints) {
      if (method === 'GET' && !path.endsWith('/events')) await note(path, `/${path}`, authorized);
    }
    await note('/metrics as OpenMetrics', '/metrics', {
      ...authorized,
      accept: 'application/openmetrics-text',
    });
    for (const { name } of app.registry.snapshot().families) {
      await note(`the page of ${name}`, `/metrics-dashboard/api/metric?name=${name}`, authorized);
    }
    const events = new RawConnection(app.port);
    events.send(head('GET', '/metrics-dashboard/api/events', authorized));
    await eventually(() => expect(events.received).toContain('event: overview'), 10_000);
    outputs.set('events', events.received.slice(events.received.indexOf('\r\n\r\n')));
    events.destroy();

    outputs.set('the text of the exporter', await app.app.get(PrometheusExporter).generateText());
    outputs.set('the rules', app.app.get(AlertingMonitor).toPrometheusRules());
    await app.app.get(JsonExporter).exportAll();
    outputs.set('the file of JSON', readFileSync(outputFile, 'utf8'));
    for (const exporter of [DatadogExporter, OtlpExporter, PushgatewayExporter, RemoteWriteExporter]) {
      const refused = await app.app.get(exporter).exportAll().catch(String);
      outputs.set(`the error of ${exporter.name}`, String(refused));
    }
  }

  it('were there to be kept', async () => {
    const metrics = outputs.get('metrics') ?? '';
    expect(metrics).toContain('http_requests_total{method="GET",route="/orders/:id",status_code="500"} 1');
    expect(metrics).toContain('http_client_requests_total');
    expect(metrics).toContain('orders_errors_total');
    expect(metrics).toContain('monitoring_auth_failures_total{endpoint="metrics"}');
    expect(outputs.get('health')).toContain('cannot reach amqp://***@warehouse');
    expect(outputs.get('health for everybody')).not.toContain('cannot reach');
    expect(outputs.get('health')).toMatch(/"database[^{]*\{"status":"(unhealthy|critical)"/);
    expect(outputs.get('the error of DatadogExporter')).toContain('no entry with');
    expect(outputs.get('the error of PushgatewayExporter')).toContain('no entry with');
    expect(outputs.get('the error of RemoteWriteExporter')).toContain('no entry with');
    expect(outputs.get('what the exporters sent')).toContain('http_requests_total');
    expect(outputs.get('the logs')).toContain('403');
    expect(outputs.size).toBeGreaterThan(100);
  });

  it.each(Object.entries(SECRETS))('are nowhere to be read: %s', (_, secret) => {
    const encoded = Buffer.from(secret).toString('base64').replaceAll('=', '').slice(2, -2);
    const found = [...outputs].filter(
      ([what, text]) =>
        [secret, encoded].some((form) => text.includes(form)) && !isOfTheFramework(what, text, secret),
    );
    expect(
      found.map(
        ([what, text]) =>
          `${what}: ${text.slice(Math.max(0, text.indexOf(secret) - 100), text.indexOf(secret) + 60)}`,
      ),
    ).toEqual([]);
  });
});

/** Nest itself logs the errors of handlers, as without monitoring. */
function isOfTheFramework(what: string, text: string, secret: string): boolean {
  const lines = text.split('\n').filter((line) => line.includes(secret));
  return (
    what === 'the logs' && lines.every((line) => /ExceptionsHandler|^TypeError: no order|^\s+at /.test(line))
  );
}
