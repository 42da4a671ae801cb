import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { routeList } from '../../../lib/diagnostics/process-info/route-list.integration.js';
import type { RouteInfo } from '../../../lib/diagnostics/process-info/process-report.js';

const KEY = '4eC39HqLyjWDarjtT1zdp7dc';

@Controller(['orders', `hooks/sk_live_${KEY}`])
class OrdersController {
  @Get(':orderId')
  find(): void {}

  @Post([`notify/${KEY}/:orderId`, '/'])
  notify(): void {}
}

async function routesOf(...controllers: (typeof OrdersController)[]): Promise<RouteInfo[]> {
  const testing = await Test.createTestingModule({ controllers }).compile();
  const generator = routeList(testing.get(ModulesContainer), new ApplicationConfig());
  for (;;) {
    const { done, value } = generator.next();
    if (done === true) return value;
  }
}

describe('the list of routes', () => {
  it('has each path of each handler, without what looks like a secret', async () => {
    const routes = await routesOf(OrdersController);
    expect(routes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /orders/:orderId',
      'GET /hooks/***/:orderId',
      'POST /orders/notify/***/:orderId',
      'POST /orders',
      'POST /hooks/***/notify/***/:orderId',
      'POST /hooks/***',
    ]);
    expect(JSON.stringify(routes)).not.toContain(KEY);
  });
});
