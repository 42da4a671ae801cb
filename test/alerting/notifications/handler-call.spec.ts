import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { callHandler } from '../../../lib/alerting/notifications/handler-call.js';

/** A handler that ends only when its signal is aborted. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('gave up')), { once: true });
  });
}

describe('a call of an alert handler', () => {
  it('fails with the time limit, whatever the handler throws at its signal', async () => {
    const { signal: closed } = new AbortController();
    const call = callHandler(untilAborted, { timeoutMs: 10, graceMs: 10_000, closed });
    await expect(call).rejects.toThrow('timed out after 10 ms');
  });

  it('succeeds if the handler returns within the grace period', async () => {
    const { signal: closed } = new AbortController();
    const call = callHandler((signal) => untilAborted(signal).catch(() => undefined), {
      timeoutMs: 10,
      graceMs: 10_000,
      closed,
    });
    await expect(call).resolves.toBeUndefined();
  });

  it('is aborted when the channel is closed', async () => {
    const channel = new AbortController();
    let reason: unknown;
    const call = callHandler((signal) => untilAborted(signal).finally(() => (reason = signal.reason)), {
      timeoutMs: 60_000,
      closed: channel.signal,
    });
    channel.abort(new Error('the alert handler was closed'));
    await expect(call).rejects.toThrow();
    expect(reason).toEqual(new Error('the alert handler was closed'));
  });

  it('is not aborted early by a time limit that is longer than a timer supports', async () => {
    const { signal: closed } = new AbortController();
    const call = callHandler(
      async (signal) => {
        await sleep(20);
        signal.throwIfAborted();
      },
      { timeoutMs: Infinity, graceMs: 1_000, closed },
    );
    await expect(call).resolves.toBeUndefined();
  });
});
