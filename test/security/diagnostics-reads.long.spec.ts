import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Module } from '@nestjs/common';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import {
  ADAPTERS,
  type AdapterName,
  eventually,
  type RunningApp,
  startApp,
} from '../e2e/fixture/start-app.js';
import { restoreEnv, stubEnv } from '../support/environment.js';

const API = '/metrics-dashboard/api/diagnostics';
const NAMES = ['startup', 'process', 'in-flight'];
const AUTH = { auth: { bearerToken: 'planted-bearer' } };
const AUTHORIZED = { headers: { authorization: 'Bearer planted-bearer' } };

@Controller('orders')
class OrdersController {
  @Get(':id')
  get(): string {
    return 'order';
  }
}

let app: RunningApp | undefined;
/** The folder of the file that the application writes at its end. */
let folder: string | undefined;

async function start(adapter: AdapterName, options: MonitoringOptions = {}): Promise<RunningApp> {
  @Module({
    imports: [MonitoringModule.forRoot({ ...WITHOUT_COLLECTORS, ...options })],
    controllers: [OrdersController],
    providers: [{ provide: 'postgres://user:planted-token@host/db', useFactory: () => ({}) }],
  })
  class AppModule {}
  return (app = await startApp(adapter, AppModule));
}

afterEach(async () => {
  restoreEnv();
  await app?.close();
  app = undefined;
  if (folder !== undefined) await rm(folder, { recursive: true });
  folder = undefined;
});

async function statuses(running: RunningApp, question: object = {}): Promise<number[]> {
  const found: number[] = [];
  for (const name of NAMES) found.push((await running.get(`${API}/${name}`, question)).status);
  return found;
}

describe.each(ADAPTERS)('what the API tells about the process on %s', (adapter) => {
  it('is not there in production without credentials', async () => {
    stubEnv('NODE_ENV', 'production');
    expect(await statuses(await start(adapter))).toEqual([404, 404, 404]);
  });

  it('requires the credentials that are configured', async () => {
    const running = await start(adapter, { endpoints: AUTH });
    expect(await statuses(running)).toEqual([401, 401, 401]);
    expect(await statuses(running, { headers: { authorization: 'Bearer wrong' } })).toEqual([401, 401, 401]);
    await eventually(async () => expect(await statuses(running, AUTHORIZED)).toEqual([200, 200, 200]));
  });

  it('stops to check credentials after too many wrong ones', async () => {
    const endpoints = { ...AUTH, failedAuth: { maxFailures: 3 } };
    const running = await start(adapter, { endpoints });
    const found: number[] = [];
    for (let i = 0; i < 3; i++) {
      found.push(...(await statuses(running, { headers: { authorization: `Bearer wrong-${i}` } })));
    }
    expect(found.slice(0, 3)).toEqual([401, 401, 401]);
    expect(found.at(-1)).toBe(429);
  });

  it('changes nothing: any other method is refused, and a body is not read', async () => {
    const running = await start(adapter);
    for (const name of NAMES) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const { status } = await running.ask({ method, path: `${API}/${name}` });
        expect([404, 405]).toContain(status);
      }
    }
  });

  it.each([
    '../../../etc/passwd',
    '%2e%2e/%2e%2e/etc/passwd',
    'process/..%2f..%2fetc%2fpasswd',
    'process%00',
    '__proto__',
    'constructor',
    'process/startup',
    'PROCESS;x=1',
  ])('has no path %s', async (path) => {
    const { status, body } = await (await start(adapter)).get(`${API}/${path}`);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body).not.toContain('root:');
  });

  it('has no secret of the options, the environment, the flags and the requests', async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-reads-'));
    stubEnv('DATABASE_URL', 'postgres://user:planted-database@host/db');
    stubEnv('NODE_OPTIONS', '--import=/planted-import.js --max-old-space-size=4096');
    const running = await start(adapter, {
      defaultLabels: { tenant: 'planted-label' },
      endpoints: { ...AUTH, metrics: '/planted-metrics' },
      requests: { records: { sampleRate: 1 } },
      exporters: {
        json: { outputFile: join(folder, 'planted-file.json'), intervalMs: 1e8 },
        datadog: {
          apiKey: 'planted-api-key',
          url: 'http://127.0.0.1:9/planted-url',
          service: 'planted-service',
          tags: { plantedTag: 'planted-tag' },
          intervalMs: 1e8,
        },
        otlp: {
          url: 'http://127.0.0.1:9/planted',
          headers: { 'planted-header': 'planted-header' },
          serviceName: 'planted-service',
          resourceAttributes: { planted: 'planted-attribute' },
          intervalMs: 1e8,
        },
        pushgateway: {
          url: 'http://127.0.0.1:9/planted',
          jobName: 'planted-job',
          groupings: { planted: 'planted-grouping' },
          basicAuth: { username: 'planted-username', password: 'planted-password' },
          intervalMs: 1e8,
        },
      },
    });
    await running.get('/orders/planted-path?q=planted-query', { headers: { cookie: 'planted-cookie' } });
    await eventually(async () => expect(await statuses(running, AUTHORIZED)).toEqual([200, 200, 200]));
    for (const name of NAMES) {
      const { body } = await running.get(`${API}/${name}`, AUTHORIZED);
      expect(body).not.toMatch(/planted/i);
    }
    const { body } = await running.get(`${API}/process`, AUTHORIZED);
    expect(JSON.parse(body)).toMatchObject({
      runtime: { nodeOptions: ['--import=(set)', '--max-old-space-size=4096'] },
      options: { defaultLabels: '(set)', endpoints: { auth: '(set)' } },
    });
  });
});
