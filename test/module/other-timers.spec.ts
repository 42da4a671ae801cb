import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, type INestApplication, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MonitoringModule } from 'nestjs-monitoring';
import request from 'supertest';

@Controller('orders')
class OrdersController {
  @Get()
  list(): string[] {
    return ['first'];
  }
}

@Module({ imports: [MonitoringModule.forRoot()], controllers: [OrdersController] })
class AppModule {}

/** Timers are numbers, as those of jsdom and the fake ones of Jest's older API. */
describe('an application whose timers are numbers', () => {
  const KINDS = ['Timeout', 'Interval', 'Immediate'] as const;
  const own = new Map(
    KINDS.flatMap((kind) => [`set${kind}`, `clear${kind}`]).map((name) => [
      name,
      Reflect.get(globalThis, name),
    ]),
  );
  const timers: NodeJS.Timeout[] = [];

  beforeEach(() => {
    for (const kind of KINDS) {
      const set = own.get(`set${kind}`) as typeof setTimeout;
      const clear = own.get(`clear${kind}`) as typeof clearTimeout;
      Reflect.set(
        globalThis,
        `set${kind}`,
        (...args: Parameters<typeof set>) => timers.push(set(...args)) - 1,
      );
      Reflect.set(globalThis, `clear${kind}`, (index: number | undefined) => clear(timers[index ?? -1]));
    }
  });

  afterEach(() => {
    for (const [name, value] of own) Reflect.set(globalThis, name, value);
  });

  it('starts, serves, is scraped and ends', async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const app: INestApplication = module.createNestApplication({ logger: false });
    await app.init();
    try {
      await request(app.getHttpServer()).get('/orders').expect(200, ['first']);
      const { text } = await request(app.getHttpServer()).get('/metrics').expect(200);
      expect(text).toContain('http_requests_total{method="GET",route="/orders",status_code="200"} 1');
    } finally {
      await app.close();
    }
  });
});
