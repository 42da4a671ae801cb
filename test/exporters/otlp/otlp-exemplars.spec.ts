import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { OtlpExporter, type OtlpExporterOptions } from 'nestjs-monitoring/exporters';
import type { MetricsRegistry } from 'nestjs-monitoring';
import { testRegistry } from '../../metrics/support.js';
import { OtlpServer, type TakenPoint } from './otlp.server.js';

const START = 1_700_000_000_000;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

let server: OtlpServer;
beforeEach(async () => void (server = await new OtlpServer().start()));
afterEach(() => server.stop());

function exporterOf(registry: MetricsRegistry, options: OtlpExporterOptions): OtlpExporter {
  return new OtlpExporter(registry, { url: `${server.url}/v1/metrics`, ...options });
}

function taken(metric: string): TakenPoint[] {
  return server.taken.filter((point) => point.metric === metric);
}

describe.each(['http/protobuf', 'http/json'] as const)('exemplars over %s', (protocol) => {
  it.each(['explicit', 'exponential'] as const)('go with counters and %s histograms', async (histograms) => {
    const { registry, clock } = testRegistry();
    const ids = { trace_id: TRACE, span_id: SPAN };
    registry.counter('orders_total', 'Orders.', { labelNames: ['shop'] }).inc({ shop: 'a' }, 2, ids);
    const wait = registry.histogram('wait_seconds', 'Waiting.', { buckets: [1, 10] });
    wait.observe(20, { ...ids, record_id: 'r1' });
    clock.advance(5.5);
    wait.observe(0.5, { trace_id: TRACE.toUpperCase() });
    await exporterOf(registry, { protocol, histograms }).exportAll();
    expect(server.refusals).toEqual([]);
    const [traceId, spanId] = [TRACE, SPAN];
    expect(taken('orders_total').map(({ exemplars }) => exemplars)).toEqual([
      [{ value: 2, timeMs: START, traceId, spanId, attributes: {} }],
    ]);
    expect(taken('wait_seconds').map(({ exemplars }) => exemplars)).toEqual([
      [
        { value: 20, timeMs: START, traceId, spanId, attributes: { record_id: 'r1' } },
        { value: 0.5, timeMs: START + 5.5, traceId, attributes: {} },
      ],
    ]);
  });

  it.each(['cumulative', 'delta'] as const)('go once, with %s values', async (temporality) => {
    const { registry, clock } = testRegistry();
    const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['shop'] });
    const exporter = exporterOf(registry, { protocol, temporality });
    orders.inc({ shop: 'none' });
    orders.inc({ shop: 'a' }, 1, { trace_id: TRACE });
    clock.advance(1);
    await exporter.exportAll();
    clock.advance(60_000);
    orders.inc({ shop: 'none' });
    orders.inc({ shop: 'a' });
    await exporter.exportAll();
    clock.advance(60_000);
    orders.inc({ shop: 'a' }, 5, { trace_id: 'f'.repeat(32) });
    await exporter.exportAll();
    const sent = taken('orders_total').filter(({ attributes }) => attributes['shop'] === 'a');
    expect(sent.map(({ exemplars }) => exemplars?.map(({ value, traceId }) => [value, traceId]))).toEqual([
      [[1, TRACE]],
      undefined,
      [[5, 'f'.repeat(32)]],
    ]);
    expect(
      taken('orders_total').some(({ attributes, exemplars }) => attributes['shop'] === 'none' && exemplars),
    ).toBe(false);
  });

  it.each([
    ['zeros', '0'.repeat(32)],
    ['the id of another tracer', '1234567890'],
    ['no hexadecimal digits', 'g'.repeat(32)],
    ['a newline at the end', `${TRACE}\n`],
    ['nothing', ''],
  ])('keep a trace id of %s as an attribute', async (_, trace_id) => {
    const { registry } = testRegistry();
    registry.counter('orders_total', 'Orders.').inc(1, { trace_id, span_id: '0'.repeat(16) });
    await exporterOf(registry, { protocol }).exportAll();
    expect(server.refusals).toEqual([]);
    expect(taken('orders_total')[0]?.exemplars).toEqual([
      { value: 1, timeMs: START, attributes: { trace_id, span_id: '0'.repeat(16) } },
    ]);
  });
});
