import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BadGatewayException, Controller, Get, Injectable, Module } from '@nestjs/common';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import type { OperationCause } from 'nestjs-monitoring/records';
import { Pool } from 'pg';
import { ADAPTERS, eventually, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { describeWith } from './support/binaries.js';
import { PostgresServer } from './support/postgres.server.js';

const POOL = Symbol('pool');
const REMOTE = Symbol('remote');

@Injectable()
class ExchangeRates {
  static remote = '';

  async inEuros(): Promise<string> {
    const response = await fetch(`${ExchangeRates.remote}/rates?key=secret`);
    if (!response.ok) throw new BadGatewayException('no rates');
    return response.text();
  }
}

@Controller()
class FaultsController {
  static pool: Pool;

  constructor(private readonly rates: ExchangeRates) {}

  @Get('slow/:id')
  async slow(): Promise<string> {
    await FaultsController.pool.query("SELECT pg_sleep($1), 'Ada'", [0.3]);
    return 'slow';
  }

  @Get('remote')
  remote(): Promise<string> {
    return this.rates.inEuros();
  }

  @Get('exception')
  exception(): string {
    const order = undefined as unknown as { total: number };
    return String(order.total);
  }

  @Get('block')
  block(): string {
    const until = performance.now() + 400;
    while (performance.now() < until);
    return 'blocked';
  }

  @Get('many')
  async many(): Promise<number> {
    for (let id = 0; id < 41; id++) await FaultsController.pool.query('SELECT $1::int AS id', [id]);
    return 41;
  }

  @Get('sound')
  async sound(): Promise<string> {
    await FaultsController.pool.query('SELECT 1 AS id');
    return 'sound';
  }
}

describeWith(['initdb'], 'the causes that the dashboard names, with default options', () => {
  let postgres: PostgresServer;
  let remote: Server;
  beforeAll(async () => {
    postgres = await PostgresServer.start();
    remote = createServer((_, response) => response.writeHead(504).end());
    await new Promise<void>((resolve) => remote.listen(0, '127.0.0.1', resolve));
    ExchangeRates.remote = `http://127.0.0.1:${(remote.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    remote.close();
    await postgres.stop();
  });

  it.each(ADAPTERS)('on %s', async (adapter) => {
    const pool = new Pool({ connectionString: postgres.url });
    FaultsController.pool = pool;
    @Module({
      imports: [MonitoringModule.forRoot()],
      controllers: [FaultsController],
      providers: [ExchangeRates, { provide: POOL, useValue: pool }, { provide: REMOTE, useValue: remote }],
    })
    class AppModule {}
    const app: RunningApp = await startApp(adapter, AppModule);
    try {
      // The clients are found once the application serves.
      await app.get('/metrics');
      for (const path of ['/sound', '/slow/4711', '/remote', '/exception', '/block', '/many']) {
        await app.get(path);
      }
      await eventually(async () => {
        const { body } = await app.get('/metrics-dashboard/api/causes');
        const { causes } = JSON.parse(body) as { causes: OperationCause[] };
        const texts = Object.fromEntries(
          causes.map(({ name, cause }) => [name, `${cause.kind}: ${cause.text}`]),
        );
        expect(texts).toMatchObject({
          'GET /slow/:id': expect.stringMatching(
            /^slow_call: postgresql: SELECT pg_sleep ?\(\?\), \? took \d+ % of \d+ ms, at FaultsController\.slow \(test\/services\/planted-faults/,
          ),
          'GET /remote': expect.stringMatching(
            /^failed_call: GET 504 of 127\.0\.0\.1:\d+ failed after .* at ExchangeRates\.inEuros .*; then BadGatewayException, at ExchangeRates\.inEuros/,
          ),
          'GET /exception': expect.stringMatching(
            /^exception: TypeError, at FaultsController\.\w+ \(test\/services\/planted-faults/,
          ),
          'GET /block': expect.stringMatching(
            /^blocked_event_loop: FaultsController\.block ran for 4\d\d ms without awaiting anything/,
          ),
          'GET /many': expect.stringMatching(
            /^repeated_calls: postgresql: SELECT \?::int AS id was sent 41 times, .* at FaultsController\.many .*N\+1/,
          ),
        });
        expect(body).not.toMatch(/Ada|4711|secret|no rates/);
      });
    } finally {
      await app.close();
      await pool.end();
    }
  });
});
