import { describe, expect, it } from '@jest/globals';
import { settledBeforeExit } from '../../lib/module/before-exit.js';

const never = new Promise<number>(() => {});
const missing = () => new Error('missing');

function listeners(): number {
  return process.listenerCount('beforeExit');
}

describe('settledBeforeExit()', () => {
  it('returns what the promise returns, and leaves no listener behind', async () => {
    const before = listeners();
    await expect(settledBeforeExit(Promise.resolve(7), missing)).resolves.toBe(7);
    await expect(settledBeforeExit(Promise.reject(new Error('own')), missing)).rejects.toThrow('own');
    expect(listeners()).toBe(before);
  });

  it('rejects when the process is about to end', async () => {
    const results = Promise.allSettled([
      settledBeforeExit(never, missing),
      settledBeforeExit(never, missing),
    ]);
    process.emit('beforeExit', 0);
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('has one listener, however many promises there are', async () => {
    const before = listeners();
    const results = Promise.allSettled(Array.from({ length: 30 }, () => settledBeforeExit(never, missing)));
    expect(listeners()).toBe(before + 1);
    process.emit('beforeExit', 0);
    await results;
    expect(listeners()).toBe(before);
  });

  it('waits anew after it has failed', async () => {
    for (let i = 0; i < 2; i++) {
      const result = settledBeforeExit(never, missing);
      process.emit('beforeExit', 0);
      await expect(result).rejects.toThrow('missing');
    }
  });
});
