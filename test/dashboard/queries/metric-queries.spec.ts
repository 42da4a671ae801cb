import { describe, expect, it } from '@jest/globals';
import { metricQueries } from '../../../lib/dashboard/queries/metric-queries.js';
import { past } from '../../history/support.js';
import { contextOf, parameters, refusalOf } from './support.js';

/** The queries of an application with orders of two shops, and what is asked of its retention. */
function shops() {
  const { registry, history, run } = past();
  const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['shop'] });
  history.retain({ metric: 'orders_total' });
  run(4, () => {
    orders.inc({ shop: 'a' });
    orders.inc({ shop: 'b' }, 2);
  });
  const opened: boolean[] = [];
  const retention = {
    open: (isInView: (metric: string) => boolean) => opened.push(isInView('orders_total')),
    notesOn: () => ['The history is full.'],
  };
  return { opened, ...metricQueries(contextOf({ registry, history, retention })) };
}

describe('the queries about metrics', () => {
  it('answer for each choice of labels by itself', async () => {
    const { metric } = shops();
    const total = async (tags: string): Promise<unknown> => {
      const answer = JSON.parse(String(await metric(parameters(`name=orders_total${tags}`)))) as {
        readonly measurements: readonly { readonly value: number }[];
      };
      return answer.measurements.map(({ value }) => value);
    };
    expect([await total(''), await total('&tag=shop:a'), await total('&tag=shop:b')]).toEqual([
      [12],
      [4],
      [8],
    ]);
    for (const text of ['name=orders_total&tag=shop:c', 'name=orders', '']) {
      expect(await refusalOf(() => metric(parameters(text)))).toEqual([
        404,
        'Unknown metric, or no series with these labels.',
      ]);
    }
  });

  it('have a view of what the application measures of its business, and what its history lacks', async () => {
    const { opened, view } = shops();
    const { panels, notes } = JSON.parse(String(await view(parameters('name=business')))) as {
      readonly panels: readonly { readonly title: string; readonly series: readonly unknown[] }[];
      readonly notes: readonly string[];
    };
    expect(panels.map(({ title, series }) => [title.split(' ')[0], series.length])).toEqual([
      ['orders_total', 2],
    ]);
    expect(notes).toEqual(['The history is full.']);
    await view(parameters('name=requests'));
    expect(opened).toEqual([true, false]);
    expect(await refusalOf(() => view(parameters('name=none')))).toEqual([404, 'Unknown view.']);
  });
});
