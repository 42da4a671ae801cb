import { Body, Controller, Get, Inject, Module, Post } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import { MonitoringModule, type MonitoringOptions } from 'nestjs-monitoring';
import { expectRequest } from 'nestjs-monitoring/testing';
import type { DataSource } from 'typeorm';

@Controller('deals')
class DealsController {
  constructor(@Inject(getDataSourceToken()) private readonly dataSource: DataSource) {}

  @Get()
  async list(): Promise<string> {
    for (let id = 0; id < 12; id++) await this.dataSource.query(`SELECT ${id} AS deal`);
    await this.dataSource.query('SELECT count(1) AS deals');
    return 'listed';
  }

  @Get('one')
  one(): Promise<unknown> {
    return this.dataSource.query('SELECT 1 AS deal');
  }

  @Get('many')
  async many(): Promise<string> {
    for (let id = 0; id < 130; id++) await this.dataSource.query(`SELECT 1 AS deal_${id}`);
    return 'listed';
  }

  @Post()
  create(@Body() body: object): object {
    return body;
  }

  @Get('broken')
  async broken(): Promise<never> {
    await this.dataSource.query('SELECT 1 AS deal');
    throw new Error('broken');
  }
}

async function created(fastify: boolean, options: MonitoringOptions = {}): Promise<INestApplication> {
  @Module({
    imports: [TypeOrmModule.forRoot({ type: 'sqljs' }), MonitoringModule.forRoot(options)],
    controllers: [DealsController],
  })
  class AppModule {}
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  const app = testing.createNestApplication(fastify ? new FastifyAdapter() : new ExpressAdapter(), {
    logger: false,
  });
  await app.init();
  if (fastify) await (app.getHttpAdapter().getInstance() as { ready(): Promise<void> }).ready();
  return app;
}

async function messageOf(work: () => Promise<unknown>): Promise<string> {
  const error: unknown = await work().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : String(error);
}

describe.each([
  ['Express', false],
  ['Fastify', true],
])('an expectation of a request on %s', (_, fastify) => {
  let app: INestApplication;
  beforeAll(async () => (app = await created(fastify)));
  afterAll(() => app.close());

  it('holds for a request with fewer statements', async () => {
    await expectRequest(app).get('/deals/one').toQueryAtMost(1);
    await expectRequest(app).get('/deals/one').toHaveNoRepeatedQueries();
    await expectRequest(app).get('/deals').toQueryAtMost(13);
    await expectRequest(app)
      .post('/deals', { body: { name: 'One' } })
      .toQueryAtMost(0);
  });

  it('names the statements and their lines where there are more', async () => {
    const message = await messageOf(() => expectRequest(app).get('/deals').toQueryAtMost(3));
    expect(message).toMatch(/^Expected GET \/deals to send at most 3 statements; it sent 13:\n/);
    expect(message).toMatch(
      /12 × sqlite: SELECT \? AS deal\n\s+at DealsController\.list \(test\/testing\/request-expectation\.long\.spec\.ts:\d+/,
    );
    expect(message).toMatch(/1 × sqlite: SELECT count ?\(\?\) AS deals/);
  });

  it('counts statements of more kinds than a record has', async () => {
    await expectRequest(app).get('/deals/many').toQueryAtMost(130);
    const message = await messageOf(() => expectRequest(app).get('/deals/many').toQueryAtMost(129));
    expect(message).toMatch(/at most 129 statements; it sent 130:\n/);
    expect(message).toMatch(/\n {2}30 × others$/);
  });

  it('names an N+1', async () => {
    const message = await messageOf(() => expectRequest(app).get('/deals').toHaveNoRepeatedQueries());
    expect(message).toMatch(/^Expected GET \/deals to repeat no query:\n\s+12 × sqlite: SELECT \? AS deal\n/);
    expect(message).not.toContain('count(');
  });

  it('tells requests apart that are sent at once', async () => {
    const requests = ['/deals', '/deals/one', '/deals', '/deals/one', '/deals/one'];
    const records = await Promise.all(requests.map((path) => expectRequest(app).get(path).record()));
    expect(records.map(({ name }) => name)).toEqual(requests.map((path) => `GET ${path}`));
  });

  it('has the record of a request that fails', async () => {
    const record = await expectRequest(app).get('/deals/broken').record();
    expect(record).toMatchObject({ status: 500, hasFailed: true, exception: { error: 'Error' } });
  });
});

it('does not hold for a failed request whose statements were not recorded', async () => {
  const app = await created(false, { requests: { records: { sampleRate: 0 } } });
  const message = await messageOf(() => expectRequest(app).get('/deals/broken').toQueryAtMost(0));
  expect(message).toMatch(/was not recorded: .*sampleRate` is not 1/);
  await app.close();
});

it.each<[string, MonitoringOptions, RegExp]>([
  ['without records', { requests: false }, /^Requests are not recorded\./],
  ['without monitoring', { enabled: false }, /^Requests are not recorded\./],
  ['of an ignored route', { http: { ignoreRoutes: ['/deals/one'] } }, /was not recorded: its route/],
])('an expectation %s says why it cannot be checked', async (_, options, expected) => {
  const app = await created(false, options);
  try {
    expect(await messageOf(() => expectRequest(app).get('/deals/one').toQueryAtMost(1))).toMatch(expected);
  } finally {
    await app.close();
  }
});
