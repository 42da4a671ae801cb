import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type DynamicModule, type LoggerService, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Pool } from 'pg';
import { CacheableMemory } from 'cacheable';
import { Redis } from 'ioredis';
import { LRUCache } from 'lru-cache';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { asOnLambda } from '../e2e/fixture/lambda-environment.js';
import { ADAPTERS, type AdapterName, createApp } from '../e2e/fixture/start-app.js';
import { restoreEnv } from '../support/environment.js';

const DEFAULT_ENDPOINTS =
  'Endpoints: /metrics, /health, /ready, /alive, /startup, /metrics-dashboard, /monitoring/api/v1/rules';
const NO_CLIENTS = 'Found no client of a database, a cache or a queue among the providers.';

class MonitoringLines implements LoggerService {
  readonly lines: string[] = [];

  log(message: string, context?: string): void {
    if (context === 'Monitoring') this.lines.push(message);
  }

  warn(): void {}
  error(): void {}
}

@Module({
  providers: [
    { provide: 'ORDERS', useValue: new Pool({ host: '127.0.0.1' }) },
    { provide: 'SESSIONS', useValue: new Redis({ lazyConnect: true }) },
    { provide: 'TOKENS', useValue: new CacheableMemory({ lruSize: 10 }) },
    { provide: 'RATES', useValue: new LRUCache({ max: 10 }) },
  ],
})
class Clients {}

function moduleWith(options: MonitoringOptions, imports: DynamicModule['imports'] = []): DynamicModule {
  class Root {}
  return { module: Root, imports: [MonitoringModule.forRoot(options), ...imports] };
}

async function linesOf(adapter: AdapterName, module: DynamicModule): Promise<string[]> {
  const logger = new MonitoringLines();
  const app = await createApp(adapter, module, { logger });
  try {
    await app.init();
  } finally {
    await app.close();
  }
  return logger.lines;
}

describe.each(ADAPTERS)('the report of a start on %s', (adapter) => {
  const environment = process.env['NODE_ENV'];
  beforeEach(() => {
    process.env['NODE_ENV'] = 'test';
  });
  afterEach(() => {
    process.env['NODE_ENV'] = environment;
  });

  it.each<[string, MonitoringOptions, string[]]>([
    ['the paths by default', {}, [DEFAULT_ENDPOINTS, NO_CLIENTS]],
    [
      'other paths, and what an option turns off',
      { endpoints: { metrics: 'ops/metrics', dashboard: false }, http: false, collectors: { system: false } },
      [
        'Endpoints: /ops/metrics, /health, /ready, /alive, /startup, /monitoring/api/v1/rules',
        NO_CLIENTS,
        'Off: http, endpoints.dashboard, collectors.system (options).',
      ],
    ],
    [
      'the controllers, whose paths Nest logs',
      { endpoints: { controllers: true, startup: false } },
      [
        'Endpoints: /metrics-dashboard, /monitoring/api/v1/rules, controllers of metrics, health, readiness, liveness',
        NO_CLIENTS,
        'Off: endpoints.startup (options).',
      ],
    ],
    [
      'that there are controllers only',
      { endpoints: { controllers: true, dashboard: false, alerts: false, startup: false, liveness: false } },
      [
        'Endpoints: controllers of metrics, health, readiness',
        NO_CLIENTS,
        'Off: endpoints.liveness, endpoints.startup, endpoints.dashboard, endpoints.alerts (options).',
      ],
    ],
    [
      'that nothing is served',
      {
        endpoints: {
          metrics: false,
          health: false,
          readiness: false,
          liveness: false,
          startup: false,
          dashboard: false,
          alerts: false,
        },
      },
      ['Endpoints: none, since the options turn all of them off.', NO_CLIENTS],
    ],
    [
      'that nothing is served, in one word',
      { endpoints: false },
      ['Endpoints: none, since the options turn all of them off.', NO_CLIENTS],
    ],
    [
      'a part as a whole, and what needs it',
      { history: false, health: false, diagnostics: false, collectors: false },
      [
        'Endpoints: /metrics',
        NO_CLIENTS,
        'Off: endpoints.health, endpoints.readiness, endpoints.liveness, endpoints.startup, endpoints.dashboard, endpoints.alerts, diagnostics, collectors, history, health, alerting (options).',
      ],
    ],
    ['that monitoring is off', { enabled: false }, ['Monitoring is off: the option `enabled` is false.']],
  ])('says %s', async (_, options, lines) => {
    expect(await linesOf(adapter, moduleWith(options))).toEqual(lines);
  });

  it('says what is off in production, and why', async () => {
    process.env['NODE_ENV'] = 'production';
    const options = { health: { drainDelayMs: 0 } };
    expect(await linesOf(adapter, moduleWith(options))).toEqual([
      DEFAULT_ENDPOINTS.replace(', /metrics-dashboard', ''),
      NO_CLIENTS,
      'Off: diagnostics.blockedLoop (NODE_ENV is production); endpoints.dashboard, diagnostics.profiles (NODE_ENV is production without `endpoints.auth`).',
    ]);
  });

  it('does not mention in production what credentials and options turn on', async () => {
    process.env['NODE_ENV'] = 'production';
    const options = {
      health: { drainDelayMs: 0 },
      endpoints: { auth: { bearerToken: 'a-token' } },
      diagnostics: { blockedLoop: true },
    };
    expect(await linesOf(adapter, moduleWith(options))).toEqual([DEFAULT_ENDPOINTS, NO_CLIENTS]);
  });

  it('has the URLs of a separate server', async () => {
    const [endpoints] = await linesOf(adapter, moduleWith({ endpoints: { listen: { port: 0 } } }));
    expect(endpoints).toMatch(/^Endpoints: http:\/\/127\.0\.0\.1:\d+\/metrics, http:/);
  });

  it('has the clients that were found, unless they are not measured', async () => {
    expect(await linesOf(adapter, moduleWith({}, [Clients]))).toEqual([
      DEFAULT_ENDPOINTS,
      'Found databases: ORDERS (pg); caches: TOKENS (cacheable), RATES (lru-cache), SESSIONS (ioredis)',
    ]);
    expect(await linesOf(adapter, moduleWith({ collectors: { database: false } }, [Clients]))).toContain(
      'Found caches: TOKENS (cacheable), RATES (lru-cache), SESSIONS (ioredis)',
    );
  });
});

describe.each(ADAPTERS)('the report of a start on AWS Lambda on %s', (adapter) => {
  afterEach(restoreEnv);

  it('says what is off there, apart from what an option turns off', async () => {
    asOnLambda();
    expect(await linesOf(adapter, moduleWith({ http: false, collectors: { build: false } }))).toEqual([
      'Endpoints: none on AWS Lambda, where each environment has metrics of its own. Set the path of an endpoint to serve it.',
      NO_CLIENTS,
      'Off: http, collectors.build (options); collectors.system, collectors.api, collectors.runtime.eventLoop, collectors.runtime.threadPool, collectors.database.serverStatistics, collectors.cache.serverStatistics, diagnostics.blockedLoop, diagnostics.memory, diagnostics.profiles, requests, history, alerting (AWS Lambda).',
    ]);
  });

  it('has the endpoints that options ask for', async () => {
    asOnLambda();
    const [line] = await linesOf(adapter, moduleWith({ endpoints: { health: 'health' } }));
    expect(line).toBe('Endpoints: /health');
  });
});

describe('the report of a start without an HTTP server', () => {
  it('says how to serve the endpoints', async () => {
    const logger = new MonitoringLines();
    const context = await NestFactory.createApplicationContext(moduleWith({}), { logger });
    await context.close();
    expect(logger.lines[0]).toBe(
      'Endpoints: none, since the application has no HTTP server on Express or Fastify. Set `endpoints.listen` for a server of their own.',
    );
  });
});
