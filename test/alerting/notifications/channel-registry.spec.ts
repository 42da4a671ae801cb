import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { setImmediate as immediate } from 'node:timers/promises';
import type { Alert } from '../../../lib/alerting/alert.js';
import { ChannelRegistry } from '../../../lib/alerting/notifications/channel-registry.js';
import type { NotificationHandler } from '../../../lib/alerting/notifications/notification.js';
import { MonitoringOptionsError } from '../../../lib/options/option-checks.js';
import { FakeClock } from '../../../lib/testing/fake-clock.js';

const FIRING: Alert = {
  rule: 'Down',
  fingerprint: 'a',
  state: 'firing',
  severity: 'critical',
  message: 'down',
  labels: { alertname: 'Down' },
  annotations: {},
  value: 1,
  activeAt: 0,
  firedAt: 0,
};
const NOTHING_ELSE = { isSuppressed: () => false, isUncertain: () => false };

describe('open() of alert handlers', () => {
  let clock: FakeClock;
  let warnings: string[];
  let channels: ChannelRegistry;
  const update = async (): Promise<void> => {
    clock.advance(15_000);
    channels.update([FIRING], NOTHING_ELSE, clock.now());
    await channels.settled();
  };
  const handlerThat = (name: string, open: () => void | Promise<void>) => ({
    name,
    notify: jest.fn<NotificationHandler['notify']>(),
    open,
  });

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
    clock = new FakeClock();
    warnings = [];
    channels = new ChannelRegistry(15_000, clock, {
      warn: (message) => void warnings.push(message),
      onDelivered: () => undefined,
    });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('has 5 s together, after which the start goes on and the handler is notified', async () => {
    const hanging = ['pager', 'chat'].map((name) => handlerThat(name, () => new Promise(() => undefined)));
    for (const handler of hanging) channels.add(handler, {});
    let isOpen = false;
    const opened = channels.open().then(() => (isOpen = true));
    await jest.advanceTimersByTimeAsync(4_999);
    expect(isOpen).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await opened;
    const advice = 'It is notified of alerts anyway. Check what its open() needs.';
    expect(warnings).toEqual([
      `Alert handler "pager" did not open within 5 s. ${advice}`,
      `Alert handler "chat" did not open within 5 s. ${advice}`,
    ]);
    await update();
    for (const { notify } of hanging) expect(notify).toHaveBeenCalledTimes(1);
  });

  it('comes before the first notification of a handler that is added later', async () => {
    await channels.open();
    let open: (() => void) | undefined;
    const pager = handlerThat('pager', () => new Promise((resolve) => (open = resolve)));
    channels.add(pager, {});
    await update();
    expect(pager.notify).not.toHaveBeenCalled();
    open!();
    await immediate();
    await update();
    expect(pager.notify).toHaveBeenCalledTimes(1);
    expect(warnings).toEqual([]);
  });

  it('only warns of a handler that is added later, also of an error in its options', async () => {
    await channels.open();
    const pager = handlerThat('pager', () => {
      throw new MonitoringOptionsError('Set `token`.');
    });
    channels.add(pager, {});
    await immediate();
    expect(warnings).toEqual(['Alert handler "pager" cannot be used: Set `token`.']);
    await update();
    expect(pager.notify).toHaveBeenCalledTimes(1);
  });
});
