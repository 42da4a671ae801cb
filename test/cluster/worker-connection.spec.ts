import { Socket } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { MessageStream } from '../../lib/cluster/message-stream.js';
import { useFakeTimers } from '../support/fake-timers.js';
import { WorkerConnection } from '../../lib/cluster/worker-connection.js';

const HOUR_MS = 60 * 60 * 1_000;

afterEach(() => {
  jest.useRealTimers();
});

/** The connection to a worker whose process runs, and a function that ends it. */
function connected(threadId: number) {
  const connection = new WorkerConnection({ pid: process.pid, threadId, startedAt: 1 }, 1);
  const handlers = { message: () => undefined, closed: () => undefined };
  const attach = (): void => connection.attach(new MessageStream(new Socket(), 1_000, handlers));
  attach();
  return { connection, attach };
}

describe('the absence of a worker', () => {
  it.each([
    [0, HOUR_MS],
    [1, 10_000],
  ])('ends at the limit of thread %i', (threadId, limitMs) => {
    useFakeTimers({ toFake: ['Date', 'performance'] });
    const { connection } = connected(threadId);
    expect(connection.hasDeparted()).toBe(false);
    connection.detach();
    jest.advanceTimersByTime(limitMs);
    expect(connection.hasDeparted()).toBe(false);
    jest.advanceTimersByTime(1);
    expect(connection.hasDeparted()).toBe(true);
  });

  it('has the same limit while the wall clock is set, forwards or back', () => {
    useFakeTimers({ toFake: ['Date', 'performance'] });
    const { connection } = connected(0);
    connection.detach();
    jest.setSystemTime(Date.now() + 24 * HOUR_MS);
    expect([connection.hasDeparted(), connection.isSettling(1_000)]).toEqual([false, true]);
    jest.setSystemTime(Date.now() - 72 * HOUR_MS);
    jest.advanceTimersByTime(HOUR_MS + 1);
    expect([connection.hasDeparted(), connection.isSettling(1_000)]).toEqual([true, false]);
  });

  it('ends when the worker reconnects', () => {
    useFakeTimers({ toFake: ['Date', 'performance'] });
    const { connection, attach } = connected(1);
    connection.detach();
    attach();
    jest.advanceTimersByTime(24 * HOUR_MS);
    expect(connection.hasDeparted()).toBe(false);
  });
});
