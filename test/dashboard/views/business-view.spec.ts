import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { MetricsInterceptor } from 'nestjs-monitoring';
import { lastValueFrom, of } from 'rxjs';
import { businessDashboard } from '../../../lib/dashboard/grafana/business.dashboard.js';
import { businessView } from '../../../lib/dashboard/views/business-view.js';
import { past } from '../../history/support.js';

class OrdersController {}

function create(): string {
  return 'created';
}

/** An application that measures a handler with `MetricsInterceptor`, and counts orders itself. */
async function application() {
  const world = past();
  const { registry, history } = world;
  const orders = registry.counter('orders_total', 'Orders.');
  const interceptor = new MetricsInterceptor(registry);
  const context = {
    getClass: () => OrdersController,
    getHandler: () => create,
    getType: () => 'http',
  } as unknown as ExecutionContext;
  await lastValueFrom(interceptor.intercept(context, { handle: () => of('created') }));
  for (const { name } of registry.snapshot().families) history.retain({ metric: name });
  world.run(4, () => orders.inc());
  return world;
}

describe('the business charts', () => {
  it('show the metrics that the application has named, and none of MetricsInterceptor', async () => {
    const { history } = await application();
    const known = history.metrics().map(({ name }) => name);
    expect(known).toEqual(expect.arrayContaining(['handler_calls_total', 'handler_duration_seconds']));
    const { panels } = businessView(history);
    expect(panels.flatMap(({ queries }) => queries.map(({ metric }) => metric))).toEqual(['orders_total']);
  });

  it('are about the same metrics in Grafana', async () => {
    const { registry } = await application();
    const { rows } = businessDashboard(registry.snapshot().families);
    expect(rows.flatMap(({ panels }) => panels.map(({ title }) => title))).toEqual([
      'orders_total (increase over 1 h)',
    ]);
  });
});
