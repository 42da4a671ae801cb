import 'reflect-metadata';
import { after, before, describe, it } from 'node:test';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { MetricsRegistry } from 'nestjs-monitoring';
import { expectMetric, expectRequest, testRules, trackMetrics } from 'nestjs-monitoring/testing';
import { AppModule } from './app.module.js';
import { configureApp } from './app.setup.js';
import { DealsService } from './deals/deals.service.js';
import { alertRules } from './monitoring/alert-rules.js';

describe('EnterpriseLand', () => {
  let app: INestApplication;

  before(async () => {
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = module.createNestApplication({ logger: ['warn', 'error', 'fatal'] });
    configureApp(app);
    await app.init();
  });
  after(() => app.close());

  it('counts a deal that is won', async () => {
    const deals = app.get(DealsService);
    const { id } = await deals.create({ title: 'A test', amountCents: 100, currency: 'EUR', ownerId: 1 });
    const tracked = trackMetrics(app.get(MetricsRegistry));

    await deals.win(id);

    expectMetric(tracked, 'deals_won_total').toHaveIncreasedBy(1);
  });

  it('lists deals with at most three statements, and none that repeats', async () => {
    await expectRequest(app).get('/api/deals?pageSize=20').toQueryAtMost(3);
    await expectRequest(app).get('/api/deals?pageSize=20').toHaveNoRepeatedQueries();
  });

  it('counts requests by route template', async () => {
    const tracked = trackMetrics(app.get(MetricsRegistry));

    await expectRequest(app).get('/api/deals/12').toQueryAtMost(3);

    expectMetric(tracked, 'http_requests_total', {
      route: '/api/deals/:id',
      status_code: '200',
    }).toHaveIncreasedBy(1);
  });

  it('fires an alert for a route of which every second request fails, and names the route', () => {
    testRules({
      rules: alertRules.filter(({ name }) => name === 'route_fails'),
      series: {
        'http_requests_total{route="/api/deals",status_code="200"}': '0+10x40',
        'http_requests_total{route="/api/deals",status_code="503"}': '0+10x40',
        'http_requests_total{route="/api/users",status_code="200"}': '0+10x40',
      },
      at: '1m',
      expect: [{ rule: 'route_fails', severity: 'critical', labels: { route: '/api/deals' } }],
    });
  });
});
