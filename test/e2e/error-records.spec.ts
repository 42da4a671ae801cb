import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ArgumentsHost,
  BadRequestException,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  Injectable,
  InternalServerErrorException,
  Module,
  NotFoundException,
  Param,
  UseFilters,
} from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MonitoringModule } from 'nestjs-monitoring';
import { type ErrorRecord, ErrorRecords, RequestRecords } from 'nestjs-monitoring/diagnostics';
import { WITHOUT_COLLECTORS } from './fixture/fixture.module.js';
import { ADAPTERS, eventually, type RunningApp, startApp } from './fixture/start-app.js';

class MissingOrder extends Error {}
class Unlucky extends Error {}

interface AnyResponse {
  status(code: number): AnyResponse;
  send(body: string): unknown;
}

@Catch(MissingOrder)
class MissingFilter implements ExceptionFilter {
  catch(_: MissingOrder, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<AnyResponse>().status(404).send('missing');
  }
}

@Catch(BadRequestException)
class EscalatingFilter implements ExceptionFilter {
  catch(_: BadRequestException, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<AnyResponse>().status(503).send('later');
  }
}

@Injectable()
class Orders {
  async find(id: string): Promise<never> {
    await sleep(1);
    throw new Unlucky(`order '${id}' of ada@example.com has no owner`);
  }
}

@Controller('orders')
class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Get('mapped')
  @UseFilters(MissingFilter)
  mapped(): never {
    throw new MissingOrder('order 471147114711 is missing');
  }

  @Get('refused')
  refused(): never {
    throw new NotFoundException();
  }

  @Get('escalated')
  @UseFilters(EscalatingFilter)
  escalated(): never {
    throw new BadRequestException();
  }

  @Get('wrapped')
  wrapped(): never {
    throw new InternalServerErrorException('no', { cause: new RangeError('x') });
  }

  @Get('fine')
  fine(): string {
    return 'fine';
  }

  @Get('by/:id')
  find(@Param('id') id: string): Promise<never> {
    return this.orders.find(id);
  }

  @Get('also/:id')
  also(@Param('id') id: string): Promise<never> {
    return this.orders.find(id);
  }
}

function moduleOf(options: Parameters<typeof MonitoringModule.forRoot>[0]): new () => object {
  @Module({
    imports: [
      MonitoringModule.forRoot({
        ...WITHOUT_COLLECTORS,
        ...options,
        collectors: { ...WITHOUT_COLLECTORS.collectors, build: { version: '3.2.1' } },
      }),
    ],
    controllers: [OrdersController],
    providers: [Orders],
  })
  class AppModule {}
  return AppModule;
}

describe.each(ADAPTERS)('the errors of requests on %s', (adapter) => {
  let app: RunningApp;
  let records: ErrorRecords;
  beforeAll(async () => {
    app = await startApp(adapter, moduleOf({ requests: { records: { sampleRate: 1 } } }));
    records = app.app.get(ErrorRecords);
  });
  afterAll(() => app.close());

  async function groupOf(error: string, count = 1): Promise<ErrorRecord> {
    return eventually(() => {
      const [found] = records.find({ error });
      expect(found?.count).toBe(count);
      return found!;
    });
  }

  it('are one group for one line, with its routes, its record and no value', async () => {
    for (const id of ['471147114711', 'ada', '7f3c9a52-54f9-4d7e-9c1b-1e8f0a6c5d2b']) {
      expect((await app.get(`/orders/by/${id}?secret=hunter`)).status).toBe(500);
    }
    await app.get('/orders/also/471147114711');
    const group = await groupOf('Unlucky', 4);
    expect(group).toMatchObject({
      message: 'order ? of ? has no owner',
      version: '3.2.1',
      unhandled: 0,
      operations: [
        { source: 'http', name: 'GET /orders/by/:id', count: 3 },
        { source: 'http', name: 'GET /orders/also/:id', count: 1 },
      ],
    });
    expect(group.site).toMatch(/^Orders\.find \(test\/e2e\/error-records\.spec\.ts:\d+:\d+\)$/);
    expect(group.perMinute.reduce((a, b) => a + b)).toBe(4);
    expect(JSON.stringify(group)).not.toMatch(/471147114711|7f3c9a52-54f9|hunter|example\.com/);
    const record = app.app.get(RequestRecords).get(group.lastRecordId!);
    expect(record).toMatchObject({
      name: 'GET /orders/also/:id',
      exception: { error: 'Unlucky', site: group.site },
    });
  });

  it('include an error that a filter maps to a 4xx response', async () => {
    expect((await app.get('/orders/mapped')).status).toBe(404);
    expect(await groupOf('MissingOrder')).toMatchObject({ message: 'order ? is missing' });
  });

  it('include a refusal that becomes a 5xx response', async () => {
    expect((await app.get('/orders/escalated')).status).toBe(503);
    await groupOf('BadRequestException');
  });

  it('name the causes', async () => {
    await app.get('/orders/wrapped');
    expect(await groupOf('InternalServerErrorException')).toMatchObject({ causes: ['RangeError'] });
  });

  it('have no refusal, no unknown path and no request without an exception', async () => {
    const statuses = await Promise.all(
      ['/orders/refused', '/nothing', '/orders/fine'].map(async (path) => (await app.get(path)).status),
    );
    expect(statuses).toEqual([404, 404, 200]);
    await app.recorded(3);
    await sleep(50);
    expect(records.find().map(({ error }) => error)).not.toContain('NotFoundException');
  });

  it('are counted by class and route', async () => {
    const samples = await app.samples('exceptions_total');
    expect(
      samples.map(({ labels, value }) => `${labels['error']} ${labels['route']} ${value}`).toSorted(),
    ).toEqual([
      'BadRequestException /orders/escalated 1',
      'InternalServerErrorException /orders/wrapped 1',
      'MissingOrder /orders/mapped 1',
      'Unlucky /orders/also/:id 1',
      'Unlucky /orders/by/:id 3',
    ]);
  });
});

describe.each(ADAPTERS)('without records on %s', (adapter) => {
  it('errors are only counted by response', async () => {
    const app = await startApp(adapter, moduleOf({ errors: { records: false } }));
    try {
      await app.get('/orders/wrapped');
      await app.recorded();
      expect(app.app.get(ErrorRecords)).toMatchObject({ enabled: false });
      expect(app.registry.errors).toBeUndefined();
      expect(await app.samples('http_server_errors_total')).toHaveLength(1);
      expect(await app.samples('exceptions_total')).toEqual([]);
    } finally {
      await app.close();
    }
  });

  it('of requests, errors have no record but a group', async () => {
    const app = await startApp(adapter, moduleOf({ requests: false, errors: { responses: false } }));
    try {
      await app.get('/orders/wrapped');
      await eventually(() =>
        expect(app.app.get(ErrorRecords).find()).toMatchObject([{ lastRecordId: undefined }]),
      );
      expect(await app.samples('http_server_errors_total')).toEqual([]);
    } finally {
      await app.close();
    }
    expect(app.registry.errors).toBeUndefined();
  });
});
