import { describe, expect, it } from '@jest/globals';
import type { RequestRecord } from 'nestjs-monitoring/diagnostics';
import { RecordStore } from '../../../lib/instrumentation/requests/record-store.js';

const HOUR_MS = 3_600_000;

describe('the slowest records', () => {
  const options = { slowestPerRoute: 2, failures: 10, maxBytes: 10_000_000 };

  function offer(store: RecordStore, name: string, durationMs: number, startedAt: number): void {
    const record = { name, durationMs, hasFailed: false, startedAt, calls: [] } as Partial<RequestRecord>;
    store.offer(
      { name, durationMs, hasFailed: false },
      startedAt + durationMs,
      () => record as RequestRecord,
    );
  }

  function durations(store: RecordStore, now: number, name?: string): number[] {
    return store.slowestOf(now, name).map(({ durationMs }) => durationMs);
  }

  it('are those of the last hour, also of a route without further requests', () => {
    const store = new RecordStore(options);
    offer(store, 'GET /quiet', 500, 0);
    offer(store, 'GET /busy', 20, HOUR_MS - 100);

    expect(durations(store, HOUR_MS)).toEqual([500, 20]);
    expect(durations(store, HOUR_MS + 1)).toEqual([20]);
    expect(durations(store, HOUR_MS + 1, 'GET /quiet')).toEqual([]);
  });

  it('of the last hour have the places of older ones that were slower', () => {
    const store = new RecordStore(options);
    offer(store, 'GET /', 900, 0);
    offer(store, 'GET /', 800, 1);
    offer(store, 'GET /', 10, HOUR_MS + 2);
    offer(store, 'GET /', 20, HOUR_MS + 3);

    expect(durations(store, HOUR_MS + 4)).toEqual([20, 10]);
  });

  it('of operations that no longer run leave their places to others', () => {
    const store = new RecordStore(options);
    for (let i = 0; i < 1_000; i++) offer(store, `job ${i}`, 5, i);
    offer(store, 'GET /late', 5, 2_000);
    expect(durations(store, 2_010, 'GET /late')).toEqual([]);

    offer(store, 'GET /late', 5, 2 * HOUR_MS);
    expect(durations(store, 2 * HOUR_MS + 10)).toEqual([5]);
  });

  it('take the size that is given, whatever was dropped for its age', () => {
    const store = new RecordStore({ ...options, maxBytes: 3 * 5_000 });
    for (let hour = 0; hour < 50; hour++) {
      for (let i = 0; i < 20; i++) offer(store, `job ${i}`, 5, hour * 2 * HOUR_MS + i);
      const kept = durations(store, hour * 2 * HOUR_MS + 100).length;
      expect(kept).toBe(8);
    }
  });

  it('beyond the size are dropped where one operation has most of them, the fastest first', () => {
    const store = new RecordStore({ slowestPerRoute: 10, failures: 10, maxBytes: 3 * 5_000 });
    offer(store, 'GET /rare', 1, 0);
    for (let i = 0; i < 20; i++) offer(store, 'GET /often', 100 + i, i);

    expect(durations(store, 100, 'GET /rare')).toEqual([1]);
    expect(durations(store, 100, 'GET /often')).toEqual([119, 118, 117, 116, 115, 114, 113]);
  });
});
