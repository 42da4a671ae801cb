import { describe, expect, it } from '@jest/globals';
import { RequestQueue } from '../../../lib/exporters/push/request-queue.js';

function queueOf(count: number, limits = { maxQueuedRequests: 3, maxQueuedBytes: 1_000 }) {
  const evicted: number[] = [];
  const queue = new RequestQueue(limits, (points) => void evicted.push(points));
  for (let i = 0; i < count; i++) queue.add([request(i)], i);
  return { queue, evicted };
}

const request = (id: number, bytes = 10) => ({ payload: id, bytes, points: 2 });
const idOf = (queued: { readonly request: { readonly payload: unknown } } | undefined) =>
  queued?.request.payload;

describe('the queue of requests', () => {
  it('returns the oldest first, and counts it until it is settled', () => {
    const { queue } = queueOf(2);
    expect([idOf(queue.take()), queue.size, queue.oldest]).toEqual([0, 4, 0]);
    queue.settle();
    expect([queue.size, queue.oldest, queue.isEmpty, queue.hasNext]).toEqual([2, 1, false, true]);
    expect(idOf(queue.take())).toBe(1);
    queue.settle();
    expect([queue.isEmpty, queue.take()]).toEqual([true, undefined]);
  });

  it('evicts the oldest beyond its limits, but never the request in flight', () => {
    const { queue, evicted } = queueOf(3);
    queue.take();
    queue.add([request(3), request(4)], 9);
    expect(evicted).toEqual([4]);
    queue.putBack();
    expect([idOf(queue.take()), queue.size]).toEqual([0, 6]);
  });

  it('evicts by size as well', () => {
    const { queue, evicted } = queueOf(0, { maxQueuedRequests: 100, maxQueuedBytes: 25 });
    for (let i = 0; i < 4; i++) queue.add([request(i)], i);
    expect([evicted, queue.size, queue.oldest]).toEqual([[2, 2], 4, 2]);
  });

  it('puts a request back where it was, and its replacements in its place', () => {
    const { queue } = queueOf(3, { maxQueuedRequests: 9, maxQueuedBytes: 1_000 });
    expect(idOf(queue.take(1))).toBe(1);
    queue.putBack();
    expect(idOf(queue.take(1))).toBe(1);
    queue.settle([request(10), request(11)]);
    const order = [];
    for (let next = queue.take(); next !== undefined; next = queue.take()) {
      order.push(idOf(next));
      queue.settle();
    }
    expect(order).toEqual([0, 10, 11, 2]);
  });

  it('returns the number of lost points when it is cleared, without the request in flight', () => {
    const { queue } = queueOf(3);
    queue.take();
    expect([queue.clear(), queue.size, queue.isEmpty]).toEqual([4, 2, false]);
  });

  it('treats a size that is not a positive number as 0', () => {
    const { queue } = queueOf(0);
    for (const points of [NaN, -5, Infinity, 'many' as unknown as number]) {
      queue.add([{ payload: 0, bytes: points, points }], 0);
    }
    expect(queue.size).toBe(0);
  });
});
