import { describe, expect, it, jest } from '@jest/globals';
import { ConnectionWatches, SharedWatches } from '../../lib/integrations/shared-watches.js';
import { bytesInUse } from '../metrics/support.js';
import { eventually } from '../support/eventually.js';

/** Each look collects garbage, which takes its time. */
const SELDOM = { timeout: 40_000, interval: 100 };

describe('an object with a shared watch', () => {
  it('is watched once, from its first to its last holder', () => {
    const watches = new SharedWatches();
    const object = {};
    const end = jest.fn();
    const start = jest.fn(() => end);
    const [first, second] = [watches.acquire(object, start), watches.acquire(object, start)];
    expect(start).toHaveBeenCalledTimes(1);
    first();
    first();
    expect(end).not.toHaveBeenCalled();
    second();
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('is watched again by a later holder', () => {
    const watches = new SharedWatches();
    const object = {};
    const start = jest.fn(() => () => undefined);
    watches.acquire(object, start)();
    watches.acquire(object, start);
    expect(start).toHaveBeenCalledTimes(2);
  });

  it('has no holder if its watch could not start', () => {
    const watches = new SharedWatches();
    const object = {};
    expect(() =>
      watches.acquire(object, () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    const start = jest.fn(() => () => undefined);
    watches.acquire(object, start);
    expect(start).toHaveBeenCalledTimes(1);
  });
});

describe('the watches of the connections of a pool', () => {
  it('stop once for each connection', () => {
    const ended: object[] = [];
    const connections = new ConnectionWatches((connection) => () => void ended.push(connection));
    const all = Array.from({ length: 100 }, (_, i) => ({ i }));
    for (const connection of [...all, ...all]) connections.add(connection);
    connections.stop();
    expect(ended).toEqual(all);
  });

  it('keep no connection alive that the pool has dropped', async () => {
    const connections = new ConnectionWatches((connection) => () => void connection);
    const dropped: number[] = [];
    const registry = new FinalizationRegistry((i: number) => dropped.push(i));
    for (let i = 0; i < 1_000; i++) {
      const connection = { buffer: new Uint8Array(10_000) };
      registry.register(connection, i);
      connections.add(connection);
    }
    await eventually(() => {
      bytesInUse();
      expect(dropped.length).toBeGreaterThanOrEqual(500);
    }, SELDOM);
    connections.stop();
  });
});
