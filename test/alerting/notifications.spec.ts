import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type Alert, type AlertStatus } from 'nestjs-monitoring';
import type { AlertNotification } from 'nestjs-monitoring/alerting';
import { NotificationError } from '../../lib/alerting/notifications/notification.js';
import { eventually } from '../support/eventually.js';
import { useFakeTimers } from '../support/fake-timers.js';
import { line, MINUTE, queueRule, SECOND, testAlerting } from './support.js';

afterEach(() => void jest.useRealTimers());

function queues(options: Parameters<typeof testAlerting>[0] = {}, rule = queueRule()) {
  const tested = testAlerting(options);
  const queue = tested.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  tested.alerting.addAlertRule(rule);
  tested.alerting.start();
  return { ...tested, set: (name: string, length: number) => queue.set({ queue: name }, length) };
}

/** Collects groups, one line for each. */
function receiver(name: string) {
  const notified: string[] = [];
  const notify = ({ status, groupLabels, alerts }: AlertNotification): void => {
    notified.push(`${status} ${JSON.stringify(groupLabels)} ${alerts.map(line).join(', ')}`);
  };
  return { notified, handler: { name, notify } };
}

describe('a handler', () => {
  it('is notified when an alert fires, at each repeat interval while it fires, and when it is resolved', async () => {
    const { alerting, step, set } = queues();
    const notified: string[] = [];
    alerting.addAlertHandler((alert) => notified.push(line(alert)), { repeatIntervalMs: 5 * MINUTE });
    await step(() => set('mail', 11));
    for (let i = 0; i < 19; i++) await step();
    expect(notified).toEqual(['long_queue mail firing 11']);
    await step();
    expect(notified).toHaveLength(2);
    await step(() => set('mail', 1));
    await step();
    expect(notified).toEqual([
      'long_queue mail firing 11',
      'long_queue mail firing 11',
      'long_queue mail resolved 1',
    ]);
  });

  it('receives only alerts that match its filter, and no resolved ones with sendResolved: false', async () => {
    const { alerting, step, set } = queues();
    alerting.addAlertRule(queueRule({ name: 'very_long_queue', severity: 'critical' }));
    const critical: string[] = [];
    const mail: string[] = [];
    alerting.addAlertHandler((alert) => critical.push(line(alert)), {
      severities: ['critical'],
      sendResolved: false,
    });
    alerting.addAlertHandler((alert) => mail.push(line(alert)), {
      matchers: { queue: /mail|post/, alertname: 'long_queue' },
    });
    await step(() => set('print', 11));
    await step(() => set('mail', 11));
    await step(() => ['print', 'mail'].forEach((name) => set(name, 1)));
    expect(critical).toEqual(['very_long_queue print firing 11', 'very_long_queue mail firing 11']);
    expect(mail).toEqual(['long_queue mail firing 11', 'long_queue mail resolved 1']);
  });

  it('receives a group after groupWaitMs, and its changes at most every groupIntervalMs', async () => {
    const { alerting, step, set } = queues();
    const { notified, handler } = receiver('chat');
    alerting.addAlertHandler(handler, { groupWaitMs: 30 * SECOND, groupIntervalMs: MINUTE });
    await step(() => set('a', 11));
    await step(() => set('b', 11));
    expect(notified).toEqual([]);
    await step();
    const group = '{"alertname":"long_queue"}';
    expect(notified).toEqual([`firing ${group} long_queue a firing 11, long_queue b firing 11`]);
    await step(() => set('a', 1));
    await step(() => set('b', 1));
    await step();
    expect(notified).toHaveLength(1);
    await step();
    expect(notified[1]).toBe(`resolved ${group} long_queue a resolved 1, long_queue b resolved 1`);
  });

  it('is not notified of an alert that was resolved before its first notification', async () => {
    const { alerting, step, set } = queues();
    const { notified, handler } = receiver('chat');
    alerting.addAlertHandler(handler, { groupWaitMs: MINUTE });
    await step(() => set('a', 11));
    await step(() => set('a', 1));
    for (let i = 0; i < 8; i++) await step();
    expect(notified).toEqual([]);
  });

  it('can be removed, which frees its name', async () => {
    const { alerting, step, set } = queues();
    const notified: string[] = [];
    const handler = (alert: Alert): void => void notified.push(line(alert));
    const remove = alerting.addAlertHandler(handler, { name: 'page' });
    expect(() => alerting.addAlertHandler(handler, { name: 'page' })).toThrow(
      'There is already an alert handler named "page". Set `name` in the options of one of them.',
    );
    expect(() => alerting.addAlertHandler(handler, { timeoutMs: 0 })).toThrow(
      /timeoutMs`? of the options of the alert handler "handler" .*a number of milliseconds above 0.*got 0/,
    );
    remove();
    alerting.addAlertHandler(handler, { name: 'page' });
    await step(() => set('mail', 11));
    expect(notified).toHaveLength(1);
  });
});

describe('a handler that fails', () => {
  it('has no effect on others, whether it throws, hangs or is slow', async () => {
    const { alerting, step, set, warnings } = queues();
    const notified: string[] = [];
    let finish: (() => void) | undefined;
    alerting.addAlertHandler(
      () => {
        throw new Error('no such channel');
      },
      { name: 'throws', retries: 0 },
    );
    alerting.addAlertHandler(() => new Promise(() => undefined), {
      name: 'hangs',
      retries: 0,
      timeoutMs: 20,
    });
    alerting.addAlertHandler(() => new Promise<void>((resolve) => (finish = resolve)), { name: 'slow' });
    alerting.addAlertHandler((alert) => notified.push(line(alert)), { name: 'works' });
    // What is slow is not waited for.
    const stepped = step(() => set('mail', 11));
    await eventually(() => expect(notified).toEqual(['long_queue mail firing 11']));
    await eventually(() =>
      expect(alerting.handlers()).toMatchObject([
        { handler: 'throws', delivered: 0, failed: 1, lastError: 'no such channel' },
        { handler: 'hangs', delivered: 0, failed: 1, lastError: expect.stringContaining('20 ms') },
        { handler: 'slow', delivered: 0, failed: 0, waiting: 1 },
        { handler: 'works', delivered: 1, failed: 0 },
      ]),
    );
    finish?.();
    await stepped;
    expect(alerting.handlers()[2]).toMatchObject({ delivered: 1, waiting: 0 });
    expect(warnings).toEqual([
      'Alert handler throws failed: no such channel',
      'Alert handler hangs failed: timed out after 20 ms',
    ]);
  });

  it('is retried at once and then every minute, with the current alerts', async () => {
    const { alerting, step, set } = queues();
    const tries: string[] = [];
    let works = false;
    alerting.addAlertHandler(
      (alert) => {
        tries.push(line(alert));
        if (!works) throw new Error('busy');
      },
      { retries: 1 },
    );
    await step(() => set('mail', 11));
    expect(tries).toHaveLength(2);
    await step();
    expect(tries).toHaveLength(2);
    for (let i = 0; i < 3; i++) await step();
    expect(tries).toHaveLength(4);
    works = true;
    for (let i = 0; i < 4; i++) await step(() => set('mail', 12));
    expect(tries.at(-1)).toBe('long_queue mail firing 12');
    expect(tries).toHaveLength(5);
    expect(alerting.handlers()).toMatchObject([{ delivered: 1, failed: 2, lastError: undefined }]);
  });

  it('is not retried at once after an error that forbids it', async () => {
    const { alerting, step, set } = queues();
    let tries = 0;
    alerting.addAlertHandler(() => {
      tries++;
      throw new NotificationError('forbidden', false);
    });
    await step(() => set('mail', 11));
    expect(tries).toBe(1);
  });

  it('has a bounded queue, and counts the notifications that are dropped', async () => {
    const { alerting, step, set } = queues();
    const notified: string[] = [];
    let release: (() => void) | undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    alerting.addAlertHandler(
      async (alert) => {
        await gate;
        notified.push(line(alert));
      },
      { maxQueuedNotifications: 2 },
    );
    const stepped = step(() => ['a', 'b', 'c'].forEach((name) => set(name, 11)));
    expect(alerting.handlers()).toMatchObject([{ waiting: 2, dropped: 1 }]);
    release?.();
    await stepped;
    await step();
    expect(notified).toHaveLength(3);
  });

  it('does not keep the application from shutting down', async () => {
    useFakeTimers();
    const { alerting, step, set } = queues();
    alerting.addAlertHandler(
      () => {
        throw new Error('busy');
      },
      { retries: 20 },
    );
    void step(() => set('mail', 11));
    const removed = alerting.addAlertHandler(() => undefined, { name: 'other' });
    removed();
    const stopped = alerting.stop();
    await jest.advanceTimersByTimeAsync(5 * SECOND);
    await stopped;
    expect(alerting.handlers()[0]?.waiting).toBe(0);
  });
});

describe('silences', () => {
  it('suppress notifications until they end', async () => {
    const { alerting, step, set, clock } = queues();
    const notified: string[] = [];
    alerting.addAlertHandler((alert) => notified.push(line(alert)));
    const silence = alerting.silence({
      matchers: { queue: /mail/ },
      durationMs: 10 * MINUTE,
      createdBy: 'ops',
      comment: 'known',
    });
    await step(() => ['mail', 'print'].forEach((name) => set(name, 11)));
    expect(notified).toEqual(['long_queue print firing 11']);
    expect(alerting.silences()).toMatchObject([{ id: silence.id, state: 'active', comment: 'known' }]);
    expect(alerting.alerts().map((alert) => alerting.statusOf(alert).silencedBy)).toEqual([[silence.id], []]);
    expect(alerting.expireSilence(silence.id)).toBe(true);
    expect(alerting.expireSilence(silence.id)).toBe(false);
    await step();
    expect(notified).toEqual(['long_queue print firing 11', 'long_queue mail firing 11']);
    alerting.silence({ matchers: { queue: 'x' }, durationMs: MINUTE, startsAt: clock.now() + MINUTE });
    expect(alerting.silences().map(({ state }) => state)).toEqual(['expired', 'pending']);
  });

  it('must not match every alert', () => {
    const { alerting } = queues();
    const message = '`matchers` of the silence must not match every alert.';
    expect(() => alerting.silence({ matchers: {}, durationMs: 1 })).toThrow(message);
    expect(() => alerting.silence({ matchers: { queue: /.*/ }, durationMs: 1 })).toThrow(message);
  });
});

describe('inhibition', () => {
  it('suppresses the target while a source with equal labels fires', async () => {
    const { alerting, step, set } = queues({
      inhibitRules: [{ source: { severity: 'critical' }, target: { severity: 'warning' }, equal: ['queue'] }],
    });
    alerting.addAlertRule(
      queueRule({
        name: 'very_long_queue',
        severity: 'critical',
        condition: { metric: 'queue_length', operator: '>', threshold: 20 },
      }),
    );
    const notified: string[] = [];
    alerting.addAlertHandler((alert) => notified.push(line(alert)));
    await step(() => {
      set('a', 25);
      set('b', 15);
    });
    expect(notified).toEqual(['long_queue b firing 15', 'very_long_queue a firing 25']);
    const [critical] = alerting.alerts().filter(({ severity }) => severity === 'critical');
    const statuses = (): Record<string, AlertStatus> =>
      Object.fromEntries(alerting.alerts().map((alert) => [line(alert), alerting.statusOf(alert)]));
    const active = { state: 'active', silencedBy: [], inhibitedBy: [] };
    const inhibited = { state: 'suppressed', silencedBy: [], inhibitedBy: [critical?.fingerprint] };
    expect(statuses()).toEqual({
      'long_queue a firing 25': inhibited,
      'long_queue b firing 15': active,
      'very_long_queue a firing 25': active,
    });
    const { id } = alerting.silence({ matchers: { queue: 'a', severity: 'warning' }, durationMs: MINUTE });
    expect(statuses()['long_queue a firing 25']).toEqual({ ...inhibited, silencedBy: [id] });
    alerting.expireSilence(id);
    await step(() => set('a', 15));
    expect(statuses()['long_queue a firing 15']).toEqual(active);
    expect(notified.slice(2).toSorted()).toEqual(['long_queue a firing 15', 'very_long_queue a resolved 15']);
  });

  it('never applies between alerts that are source and target at once', async () => {
    const { alerting, step, set } = queues({
      inhibitRules: [{ source: { alertname: /.*queue/ }, target: { alertname: /.*queue/ } }],
    });
    const notified: string[] = [];
    alerting.addAlertHandler((alert) => notified.push(line(alert)));
    await step(() => ['a', 'b'].forEach((name) => set(name, 11)));
    expect(notified).toHaveLength(2);
  });
});
