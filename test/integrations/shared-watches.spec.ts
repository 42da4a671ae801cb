import { describe, expect, it, vi } from 'vitest';
import { ConnectionWatches, SharedWatches } from '../../lib/integrations/shared-watches.js';

describe('an object that is reached in several ways', () => {
  it('is watched once, from the first to the last who holds it', () => {
    const watches = new SharedWatches();
    const object = {};
    const end = vi.fn();
    const start = vi.fn(() => end);
    const [first, second] = [watches.acquire(object, start), watches.acquire(object, start)];
    expect(start).toHaveBeenCalledTimes(1);
    first();
    first();
    expect(end).not.toHaveBeenCalled();
    second();
    expect(end).toHaveBeenCalledTimes(1);
  });

  it('is watched anew by whoever holds it later', () => {
    const watches = new SharedWatches();
    const object = {};
    const start = vi.fn(() => () => undefined);
    watches.acquire(object, start)();
    watches.acquire(object, start);
    expect(start).toHaveBeenCalledTimes(2);
  });

  it('is not held by somebody whose watch could not begin', () => {
    const watches = new SharedWatches();
    const object = {};
    expect(() =>
      watches.acquire(object, () => {
        throw new Error('no');
      }),
    ).toThrow('no');
    const start = vi.fn(() => () => undefined);
    watches.acquire(object, start);
    expect(start).toHaveBeenCalledTimes(1);
  });
});

describe('the connections of a pool', () => {
  it('are left as they were found, each once', () => {
    const ended: object[] = [];
    const connections = new ConnectionWatches((connection) => () => void ended.push(connection));
    const all = Array.from({ length: 100 }, (_, i) => ({ i }));
    for (const connection of [...all, ...all]) connections.add(connection);
    connections.stop();
    expect(ended).toEqual(all);
  });

  it('are not kept when the pool has dropped them', async () => {
    const connections = new ConnectionWatches((connection) => () => void connection);
    const dropped: number[] = [];
    const registry = new FinalizationRegistry((i: number) => dropped.push(i));
    for (let i = 0; i < 1_000; i++) {
      const connection = { buffer: new Uint8Array(100_000) };
      registry.register(connection, i);
      connections.add(connection);
    }
    // The collector runs when it must: each round gives it more to do.
    for (let i = 0; i < 200 && dropped.length < 500; i++) {
      Array.from({ length: 10 }, () => new Uint8Array(1_000_000).fill(i));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(dropped.length).toBeGreaterThanOrEqual(500);
    connections.stop();
  });
});
