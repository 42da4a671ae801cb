import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  MAX_TIMER_DELAY_MS,
  pause,
  resultWithin,
  unlessAborted,
  withinTime,
} from '../../lib/primitives/deadline.js';
import { useFakeTimers } from '../support/fake-timers.js';

const never = new Promise<never>(() => undefined);

beforeEach(() => useFakeTimers());
afterEach(() => void jest.useRealTimers());

describe('withinTime()', () => {
  it('returns the result of the promise, and leaves no timer', async () => {
    await expect(withinTime(Promise.resolve(7), 1_000)).resolves.toBe(7);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('rejects with the error of the promise', async () => {
    await expect(withinTime(Promise.reject(new Error('down')), 1_000)).rejects.toThrow('down');
  });

  it('rejects once the time limit is exceeded, with the message given', async () => {
    const plain = expect(withinTime(never, 50)).rejects.toThrow('timed out after 50 ms');
    const named = expect(withinTime(never, 50, { message: 'no answer' })).rejects.toThrow('no answer');
    await jest.advanceTimersByTimeAsync(50);
    await Promise.all([plain, named]);
  });

  it('rejects as soon as the signal is aborted, and leaves no timer', async () => {
    const controller = new AbortController();
    const aborted = expect(withinTime(never, 50, { signal: controller.signal })).rejects.toThrow('aborted');
    controller.abort();
    await aborted;
    expect(jest.getTimerCount()).toBe(0);
  });

  it('takes a limit beyond the longest delay of a timer as that delay', async () => {
    const late = expect(withinTime(never, Infinity)).rejects.toThrow(`${MAX_TIMER_DELAY_MS} ms`);
    await jest.advanceTimersByTimeAsync(MAX_TIMER_DELAY_MS);
    await late;
  });
});

describe('resultWithin()', () => {
  it('returns the result of the promise, and leaves no timer', async () => {
    await expect(resultWithin(Promise.resolve(7), 1_000)).resolves.toBe(7);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('returns undefined once the time limit is exceeded', async () => {
    const result = resultWithin(never, 50);
    await jest.advanceTimersByTimeAsync(50);
    await expect(result).resolves.toBeUndefined();
  });

  it('rejects with the error of the promise', async () => {
    await expect(resultWithin(Promise.reject(new Error('down')), 1_000)).rejects.toThrow('down');
  });
});

describe('unlessAborted()', () => {
  const { signal } = new AbortController();

  it('settles as the promise does', async () => {
    await expect(unlessAborted(Promise.resolve(7), signal)).resolves.toBe(7);
    await expect(unlessAborted(Promise.reject(new Error('down')), signal)).rejects.toThrow('down');
  });

  it('rejects with the reason of the signal as soon as it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('shutting down');
    const aborted = expect(unlessAborted(never, controller.signal)).rejects.toBe(reason);
    controller.abort(reason);
    await aborted;
    await expect(unlessAborted(never, controller.signal)).rejects.toBe(reason);
  });

  it('rejects with an error for a reason that is none, whatever it is', async () => {
    const unprintable = Object.create(null) as object;
    await expect(unlessAborted(never, AbortSignal.abort('stop'))).rejects.toThrow(new Error('stop'));
    await expect(unlessAborted(never, AbortSignal.abort(unprintable))).rejects.toThrow(Error);
  });

  it('leaves no listener on the signal', async () => {
    const controller = new AbortController();
    for (let call = 0; call < 3; call++) await unlessAborted(Promise.resolve(), controller.signal);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });
});

describe('pause()', () => {
  it('resolves after the delay, or as soon as the signal is aborted', async () => {
    const controller = new AbortController();
    const ended: string[] = [];
    void pause(100).then(() => ended.push('delay'));
    void pause(1_000, { signal: controller.signal }).then(() => ended.push('abort'));
    await jest.advanceTimersByTimeAsync(100);
    expect(ended).toEqual(['delay']);
    controller.abort();
    await jest.advanceTimersByTimeAsync(0);
    expect(ended).toEqual(['delay', 'abort']);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('resolves at once if the signal is aborted already', async () => {
    await pause(1_000, { signal: AbortSignal.abort() });
    expect(jest.getTimerCount()).toBe(0);
  });
});
