import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import type { MetricsRegistry } from 'nestjs-monitoring';
import { SnapshotDecoder, SnapshotEncoder, type WireFamily } from '../../lib/cluster/snapshot-codec.js';
import { scalars, testRegistry } from '../metrics/support.js';
import { seen } from './support.js';

function ordersRegistry() {
  const { registry } = testRegistry({ seriesLimit: 2 });
  const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['channel'] });
  const size = registry.histogram('size', 'Size.', { buckets: [1, 5] });
  return { registry, orders, size };
}

/** What is sent over the connection. */
function sent(encoder: SnapshotEncoder, registry: MetricsRegistry): WireFamily[] {
  const { families } = registry.snapshot({ exponential: true });
  return deserialize(serialize(encoder.encode(families))) as WireFamily[];
}

describe('snapshots sent over a connection', () => {
  it('are the same at the other end, with the overflow series and exponential histograms', () => {
    const { registry, orders, size } = ordersRegistry();
    for (const channel of ['', '"\n', 'beyond', 'the limit']) orders.inc({ channel }, 2);
    size.observe(3);
    const decoded = new SnapshotDecoder().decode(sent(new SnapshotEncoder(), registry));
    expect(seen(decoded)).toEqual(seen(registry.snapshot({ exponential: true }).families));
  });

  it('have definitions and labels once, and what is new later', () => {
    const { registry, orders } = ordersRegistry();
    const [encoder, decoder] = [new SnapshotEncoder(), new SnapshotDecoder()];
    orders.inc({ channel: 'web' });
    decoder.decode(sent(encoder, registry));
    orders.inc({ channel: 'app' });
    const later = sent(encoder, registry);
    const wire = later.find(({ name }) => name === 'orders_total');
    expect(wire).toMatchObject({ definition: undefined, rows: [['app']] });
    expect(seen(decoder.decode(later))).toEqual(seen(registry.snapshot({ exponential: true }).families));
  });

  it('have any number of series', () => {
    const series = 130_000;
    const { registry } = testRegistry({ seriesLimit: series });
    const orders = registry.counter('orders_total', 'Orders.', { labelNames: ['channel'] });
    for (let i = 0; i < series; i++) orders.inc({ channel: String(i) });
    const decoded = new SnapshotDecoder().decode(sent(new SnapshotEncoder(), registry));
    expect(scalars({ timestamp: 0, defaultLabels: {}, families: decoded }, 'orders_total')).toHaveLength(
      series,
    );
  });

  it('are refused if they are malformed, or lack what was never sent', () => {
    const { registry, orders } = ordersRegistry();
    orders.inc({ channel: 'web' });
    const whole = sent(new SnapshotEncoder(), registry);
    const [first = whole[0]] = whole;
    const malformed: unknown[] = [
      undefined,
      { length: 1 },
      [null],
      [{ ...first, definition: undefined }],
      [{ ...first, numbers: new Float64Array(1) }],
      [{ ...first, numbers: [1, 2] }],
      [{ ...first, rows: [['one', 'too many']] }],
      [{ ...first, rows: [[7]] }],
      [{ ...first, definition: { ...first?.definition, type: 'summary' } }],
      [{ ...first, exemplars: 'none' }],
    ];
    for (const message of malformed) expect(() => new SnapshotDecoder().decode(message)).toThrow(TypeError);
  });
});
