import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import { decodeTotals, encodeTotals } from '../../lib/cluster/persisted-totals.js';
import { testRegistry } from '../metrics/support.js';
import { seen } from './support.js';

function totals() {
  const { registry } = testRegistry();
  registry.counter('orders_total', 'Orders.', { labelNames: ['channel'] }).inc({ channel: '"\n' }, 3);
  registry.histogram('size', 'Size.', { buckets: [1, 5] }).observe(2);
  const { families } = registry.snapshot({ exponential: true });
  const identity = { pid: 7, threadId: 0, startedAt: 5 };
  return { workers: [{ identity, index: 2, families }], departed: families };
}

describe('the saved totals', () => {
  it('are the same after a change of the leader', () => {
    const saved = totals();
    const read = decodeTotals(encodeTotals(saved), {});
    expect(read?.workers).toMatchObject([{ identity: { pid: 7, threadId: 0, startedAt: 5 }, index: 2 }]);
    expect(seen(read?.departed ?? [])).toEqual(seen(saved.departed));
    expect(seen(read?.workers[0]?.families ?? [])).toEqual(seen(saved.departed));
  });

  it('of another version of the protocol are ignored', () => {
    const content = deserialize(encodeTotals(totals())) as { protocol: number };
    content.protocol++;
    expect(decodeTotals(serialize(content), {})).toBeUndefined();
  });

  it('that are damaged throw, whatever is in them', () => {
    const content = encodeTotals(totals());
    for (const damaged of [Buffer.alloc(0), Buffer.from('{}'), content.subarray(0, content.length / 2)]) {
      expect(() => decodeTotals(damaged, {})).toThrow();
    }
  });
});
