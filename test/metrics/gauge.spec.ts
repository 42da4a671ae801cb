import { describe, expect, it } from '@jest/globals';
import { dropped, scalars, testRegistry } from './support.js';

describe('Gauge', () => {
  it('can be set, incremented and decremented, also below zero', () => {
    const users = testRegistry().registry.gauge('active_users', 'Users.');
    users.set(42);
    users.inc(5);
    users.dec(3);
    expect(users.value()).toBe(44);
    users.inc();
    users.dec(50);
    users.dec();
    expect(users.value()).toBe(-6);
    users.inc(-4);
    users.dec(-10);
    expect(users.value()).toBe(0);
  });

  it('has one value for each label set, bound or not', () => {
    const { registry } = testRegistry();
    const depth = registry.gauge('queue_depth', 'Jobs waiting.', { labelNames: ['queue'] });
    const mail = depth.labels({ queue: 'mail' });
    depth.set({ queue: 'mail' }, 7);
    mail.inc();
    depth.dec({ queue: 'mail' }, 2);
    registry.gauge('queue_depth', 'Jobs waiting.', { labels: { queue: 'print' } }).set(1);
    expect(mail.value()).toBe(6);
    expect(depth.value({ queue: 'mail' })).toBe(6);
    expect(scalars(registry, 'queue_depth').map(({ labels, value }) => [labels['queue'], value])).toEqual([
      ['mail', 6],
      ['print', 1],
    ]);
  });

  it('keeps its value if it is set to undefined', () => {
    const { registry } = testRegistry();
    const users = registry.gauge('active_users', 'Users.');
    users.set(3);
    users.set(undefined as unknown as number);
    expect(users.value()).toBe(3);
    expect(dropped(registry)).toEqual({ 'active_users not_a_number': 1 });
  });

  it('rejects an infinite value and counts the reason', () => {
    const { registry } = testRegistry();
    const balance = registry.gauge('balance_euros', 'Balance.');
    balance.set(-Number.MAX_VALUE);
    balance.dec(Number.MAX_VALUE);
    balance.inc(-Number.MAX_VALUE);
    expect(balance.value()).toBe(-Number.MAX_VALUE);
    expect(dropped(registry)).toEqual({ 'balance_euros infinite': 2 });
  });

  it('example: counts the requests in progress', async () => {
    const inProgress = testRegistry().registry.gauge('requests_in_progress', 'Requests in progress.');
    const handle = async (work: () => Promise<void>): Promise<void> => {
      inProgress.inc();
      try {
        await work();
      } finally {
        inProgress.dec();
      }
    };
    const seen: number[] = [];
    const look = async (): Promise<void> => {
      await Promise.resolve();
      seen.push(inProgress.value());
    };
    await Promise.allSettled([handle(look), handle(look), handle(() => Promise.reject(new Error('down')))]);
    expect(seen).toEqual([3, 3]);
    expect(inProgress.value()).toBe(0);
  });
});
