import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { type Alert } from 'nestjs-monitoring';
import type { AlertNotification } from 'nestjs-monitoring/alerting';
import { AlertmanagerHandler } from '../../lib/alerting/handlers/alertmanager.handler.js';
import { WebhookAlertHandler } from '../../lib/alerting/handlers/webhook.handler.js';
import type { AnyAlertHandler } from '../../lib/alerting/notifications/notification.js';
import { eventually } from '../support/eventually.js';
import { scalars } from '../metrics/support.js';
import { MINUTE, queueRule, SECOND, testAlerting } from './support.js';
import { FAILING_CALLBACKS } from '../support/failing-callbacks.js';
import { useFakeTimers } from '../support/fake-timers.js';

const servers: Server[] = [];

afterEach(() => {
  jest.useRealTimers();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A receiver with the given response statuses. It hangs at status 0. */
async function receiver(
  answer: (count: number, response: ServerResponse) => [status: number, headers?: Record<string, string>],
) {
  const bodies: string[] = [];
  const times: number[] = [];
  let aborted = 0;
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    response.on('close', () => {
      if (!response.writableFinished) aborted++;
    });
    request.on('end', () => {
      bodies.push(text);
      times.push(performance.now());
      const [status, headers = {}] = answer(bodies.length, response);
      if (status > 0) response.writeHead(status, headers).end();
    });
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, bodies, times, aborted: () => aborted };
}

/** Queues that may be long, and a handler that takes alerts or is down. */
function paged(rule = queueRule(), options: Parameters<typeof testAlerting>[0] = {}) {
  const tested = testAlerting(options);
  const queue = tested.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  const notified: string[] = [];
  const state = { isDown: false };
  const page = ({ rule: name, labels, state: now }: Alert): void => {
    if (state.isDown) throw new Error('down');
    notified.push(`${name} ${labels['queue']} ${now}`);
  };
  tested.alerting.addAlertRule(rule);
  const set = (length: number, ...names: string[]) =>
    names.forEach((name) => queue.set({ queue: name }, length));
  const steps = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await tested.step();
  };
  return { ...tested, set, steps, notified, state, page };
}

describe('a handler that was notified of a firing alert is notified of its end', () => {
  const firing = 'long_queue a firing';
  const resolved = 'long_queue a resolved';

  it.each<[string, Parameters<typeof queueRule>[0], (test: ReturnType<typeof paged>) => Promise<void>]>([
    [
      'if more alerts than the limit of the rule came in between',
      { limit: 2 },
      async ({ step, set }) => {
        await step(() => set(11, 'b', 'c'));
        await step();
        await step(() => set(1, 'a', 'b', 'c'));
      },
    ],
    [
      'if the receiver was down from before the end until long after it',
      {},
      async ({ step, set, steps, state }) => {
        state.isDown = true;
        await step(() => set(1, 'a'));
        await steps(80);
        state.isDown = false;
        await steps(5);
      },
    ],
    [
      'if the rule is removed',
      {},
      async ({ alerting, step }) => {
        alerting.removeAlertRule('long_queue');
        await step();
      },
    ],
    [
      'if the rule is removed while the receiver is down',
      {},
      async ({ alerting, steps, state }) => {
        state.isDown = true;
        alerting.removeAlertRule('long_queue');
        await steps(70);
        state.isDown = false;
        await steps(5);
      },
    ],
    [
      'if the rule is replaced with one that waits longer',
      {},
      async ({ alerting, step }) => {
        alerting.replaceAlertRule(queueRule({ forMs: 60 * MINUTE }));
        await step();
      },
    ],
    [
      'if the rule is replaced with one that has other labels, and then all is well',
      {},
      async ({ alerting, step, set }) => {
        alerting.replaceAlertRule(queueRule({ labels: { team: 'ops' }, forMs: 60 * MINUTE }));
        await step(() => set(1, 'a'));
      },
    ],
  ])('%s', async (_name, rule, happens) => {
    const test = paged(queueRule(rule));
    test.alerting.addAlertHandler(test.page, { retries: 0 });
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    expect(test.notified).toEqual([firing]);
    await happens(test);
    expect(test.notified.filter((one) => one.startsWith('long_queue a'))).toEqual([firing, resolved]);
  });

  it('not while the state is unknown because the rule exceeds its limit', async () => {
    const test = paged(queueRule({ limit: 2 }));
    test.alerting.addAlertHandler(test.page);
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    await test.step(() => test.set(11, 'b', 'c'));
    await test.steps(3);
    expect(test.notified).toEqual([firing]);
    const events: string[] = [];
    test.alerting.subscribe(({ type }) => events.push(type));
    await test.step(() => test.set(1, 'b', 'c'));
    await test.steps(2);
    expect(test.notified).toEqual([firing]);
    expect(events).toEqual(['firing']);
  });

  it('when the silence ends under which it was resolved', async () => {
    const test = paged();
    test.alerting.addAlertHandler(test.page);
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    test.alerting.silence({ matchers: { queue: 'a' }, durationMs: 30 * MINUTE });
    await test.step(() => test.set(1, 'a'));
    await test.steps(80);
    expect(test.notified).toEqual([firing]);
    await test.steps(45);
    expect(test.notified).toEqual([firing, resolved]);
  });
});

describe('a first notification that failed', () => {
  it('is retried until it is delivered, even if the alert is resolved by then', async () => {
    const test = paged();
    test.alerting.addAlertHandler(test.page, { retries: 0 });
    test.alerting.start();
    test.state.isDown = true;
    await test.step(() => test.set(11, 'a'));
    await test.step(() => test.set(1, 'a'));
    await test.steps(100);
    test.state.isDown = false;
    await test.steps(6);
    expect(test.notified).toEqual(['long_queue a firing', 'long_queue a resolved']);
    await test.steps(10);
    expect(test.notified).toHaveLength(2);
  });

  it('is retried for a group, with the alerts that joined it later', async () => {
    const test = paged();
    const notified: string[] = [];
    const notify = ({ alerts }: AlertNotification): void => {
      if (test.state.isDown) throw new Error('down');
      notified.push(alerts.map(({ labels, state }) => `${labels['queue']} ${state}`).join());
    };
    test.alerting.addAlertHandler({ name: 'group', notify }, { retries: 0 });
    test.alerting.start();
    test.state.isDown = true;
    await test.step(() => test.set(11, 'a'));
    await test.step(() => test.set(1, 'a'));
    await test.step(() => test.set(11, 'b'));
    test.state.isDown = false;
    await test.steps(6);
    expect(notified[0]?.split(',').toSorted()).toEqual(['a firing', 'b firing']);
    expect(notified[1]).toContain('a resolved');
  });
});

describe('a handler with sendResolved: false', () => {
  it.each([1, 2, 3, 5, 10])('is notified of each of %i episodes', async (episodes) => {
    const test = paged();
    test.alerting.addAlertHandler(test.page, { sendResolved: false });
    test.alerting.start();
    for (let i = 0; i < episodes; i++) {
      await test.step(() => test.set(11, 'a'));
      await test.step(() => test.set(1, 'a'));
    }
    expect(test.notified).toEqual(Array.from({ length: episodes }, () => 'long_queue a firing'));
  });
});

describe('a group that hangs', () => {
  it.each([1, 3, 4, 9, 19])(
    'keeps others waiting for no longer than the time limit, with %i of them',
    async (hanging) => {
      useFakeTimers();
      const test = paged();
      const notified: string[] = [];
      let release = (): void => undefined;
      const hang = new Promise<void>((resolve) => (release = resolve));
      const names = Array.from({ length: hanging }, (_, i) => `hangs_${i}`);
      test.alerting.addAlertHandler(
        async ({ labels }: Alert) => {
          if (names.includes(labels['queue'] ?? '')) await hang;
          notified.push(labels['queue'] ?? '');
        },
        { timeoutMs: 60_000, retries: 3 },
      );
      test.alerting.start();
      void test.step(() => test.set(11, ...names, 'other'));
      await jest.advanceTimersByTimeAsync(4 * SECOND);
      expect(notified).toEqual(['other']);
      release();
      await test.alerting.stop();
    },
  );

  it('is not called again while too many of its calls are pending', async () => {
    const test = paged();
    let calls = 0;
    test.alerting.addAlertHandler(
      () => {
        calls++;
        return new Promise(() => undefined);
      },
      { timeoutMs: 1, retries: 0 },
    );
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    await test.steps(400);
    expect(calls).toBe(20);
    expect(test.alerting.handlers()[0]?.lastError).toBe('20 earlier calls are still pending');
  });
});

describe('a call that ends after its time limit', () => {
  it('is a delivery, which is not repeated', async () => {
    const test = paged();
    const notified: string[] = [];
    let finish: (() => void) | undefined;
    test.alerting.addAlertHandler(
      ({ state }: Alert) => {
        notified.push(state);
        return notified.length > 1 ? undefined : new Promise<void>((resolve) => (finish = resolve));
      },
      { timeoutMs: 20 },
    );
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    expect(test.alerting.handlers()).toMatchObject([{ delivered: 0, failed: 1 }]);
    finish?.();
    await test.steps(8);
    expect(test.alerting.handlers()).toMatchObject([{ delivered: 1, failed: 1, lastError: undefined }]);
    expect(notified).toEqual(['firing']);
    await test.step(() => test.set(1, 'a'));
    expect(notified).toEqual(['firing', 'resolved']);
  });

  it('is repeated a minute later if it never ends', async () => {
    useFakeTimers();
    const test = paged();
    let calls = 0;
    test.alerting.addAlertHandler(() => new Promise(() => void calls++), { timeoutMs: 20 });
    test.alerting.start();
    const told = test.step(() => test.set(11, 'a'));
    await jest.advanceTimersByTimeAsync(SECOND);
    await told;
    await test.steps(3);
    expect(calls).toBe(1);
    void test.step();
    await jest.advanceTimersByTimeAsync(0);
    expect(calls).toBe(2);
  });
});

describe('many groups that fail at the same time', () => {
  it('print no warning of Node.js', async () => {
    const warnings: string[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning.message);
    process.on('warning', onWarning);
    const test = paged();
    test.state.isDown = true;
    test.alerting.addAlertHandler(test.page, { retries: 1 });
    test.alerting.start();
    await test.step(() => test.set(11, ...Array.from({ length: 50 }, (_, i) => `${i}`)));
    process.removeListener('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

/** Writes a date in the second format of RFC 9110, with the whole name of the day and two digits of the year. */
function rfc850(date: Date): string {
  const day = date.toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' });
  return date.toUTCString().replace(/^\w+, (\d\d) (\w+) \d\d(\d\d)/, `${day}, $1-$2-$3`);
}

describe('a receiver that asks for a pause', () => {
  it('receives no request for that time, in seconds', async () => {
    const { url, bodies, times } = await receiver((count) =>
      count === 1 ? [429, { 'retry-after': '1' }] : [200],
    );
    const test = paged();
    test.alerting.addAlertHandler(new WebhookAlertHandler({ url }));
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    expect(bodies).toHaveLength(2);
    const [first = NaN, second = NaN] = times;
    expect(second - first).toBeGreaterThan(950);
  });

  it.each<[string, () => string]>([
    ['a long one', () => '120'],
    ['a date', () => new Date(Date.now() + 120_000).toUTCString()],
    ['a date by RFC 850', () => rfc850(new Date(Date.now() + 120_000))],
    ['a fraction of seconds', () => '119.5'],
    ['more than a timer can wait', () => '3000000'],
  ])(
    'receives nothing from any group for that time, if it is %s, without a delay of the evaluation',
    async (_name, valueNow) => {
      const value = valueNow();
      const { url, bodies } = await receiver((count) =>
        count === 1 ? [503, { 'retry-after': value }] : [200],
      );
      const test = paged();
      test.alerting.addAlertHandler(new WebhookAlertHandler({ url }));
      test.alerting.start();
      await test.step(() => test.set(11, 'a'));
      test.alerting.addAlertRule(queueRule({ name: 'another' }));
      await test.steps(6);
      expect(bodies).toHaveLength(1);
      await test.steps(value === '3000000' ? 240 : 6);
      expect(bodies.length).toBeGreaterThan(2);
    },
  );
});

describe('a receiver whose request for a pause arrives late', () => {
  it.each<[string, (url: string) => AnyAlertHandler]>([
    ['a webhook', (url) => new WebhookAlertHandler({ url })],
    ['Alertmanager', (url) => new AlertmanagerHandler({ url })],
  ])('receives no request from then on: %s', async (_name, handlerOf) => {
    let respond: (() => void) | undefined;
    const { url, bodies } = await receiver((count, response) => {
      if (count > 1) return [200];
      respond = () => response.writeHead(503, { 'retry-after': '100' }).end();
      return [0];
    });
    const test = paged();
    test.alerting.addAlertHandler(handlerOf(url));
    test.alerting.start();
    const notified = test.step(() => test.set(11, 'a'));
    await eventually(() => expect(respond).toBeDefined());
    test.clock.advance(60 * SECOND);
    respond?.();
    await notified;
    test.alerting.addAlertRule(queueRule({ name: 'another' }));
    await test.steps(6);
    expect(bodies).toHaveLength(1);
    await test.steps(1);
    expect(bodies.length).toBeGreaterThan(1);
  });
});

describe('one of two Alertmanagers without a response', () => {
  it('does not delay the next alerts of the other', async () => {
    const good = await receiver(() => [200]);
    const hangs = await receiver(() => [0]);
    const test = paged();
    test.alerting.addAlertHandler(new AlertmanagerHandler({ url: [hangs.url, good.url] }), {
      timeoutMs: 600_000,
    });
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    await test.step(() => test.set(11, 'b'));
    expect(good.bodies).toHaveLength(2);
    await eventually(() => expect(hangs.aborted()).toBe(2));
  }, 30_000);

  it('does not silence the other by its Retry-After', async () => {
    const busy = await receiver(() => [503, { 'retry-after': '3600' }]);
    const restarts = await receiver((count) => [count === 1 ? 500 : 200]);
    const test = paged();
    test.alerting.addAlertHandler(new AlertmanagerHandler({ url: [busy.url, restarts.url] }));
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    await test.step();
    expect(restarts.bodies).toHaveLength(2);
    expect(test.alerting.handlers()).toMatchObject([{ delivered: 1, failed: 1 }]);
  });

  it('is aborted at the time limit, and the success of the other is enough', async () => {
    // Again where a busy machine has held the process up for as long as the time limit.
    await eventually(async () => {
      const good = await receiver(() => [200]);
      const hangs = await receiver(() => [0]);
      const test = paged();
      test.alerting.addAlertHandler(new AlertmanagerHandler({ url: [hangs.url, good.url] }), {
        // Below the second that a late member has, and long enough for the other.
        timeoutMs: 900,
      });
      test.alerting.start();
      await test.step(() => test.set(11, 'a'));
      await test.steps(2);
      expect(good.bodies).toHaveLength(1);
      expect(test.alerting.handlers()).toMatchObject([{ delivered: 1, failed: 0, lastError: undefined }]);
      expect(test.warnings).toEqual([]);
      await eventually(() => expect(hangs.aborted()).toBe(hangs.bodies.length));
    });
  });

  it('is reported as failed if both hang', async () => {
    const hangs = [await receiver(() => [0]), await receiver(() => [0])];
    const test = paged();
    const url = hangs.map((one) => one.url);
    test.alerting.addAlertHandler(new AlertmanagerHandler({ url }), { timeoutMs: 100 });
    test.alerting.start();
    await test.step(() => test.set(11, 'a'));
    expect(test.alerting.handlers()).toMatchObject([{ delivered: 0, failed: 1 }]);
  });
});

describe('a listener or a handler that fails', () => {
  it.each(FAILING_CALLBACKS)(
    'and %s has no effect on others, as a listener and as a handler',
    async (_name, fails) => {
      const test = paged();
      test.alerting.subscribe(fails);
      test.alerting.addAlertHandler(fails, { name: 'fails', retries: 0 });
      test.alerting.addAlertHandler(test.page);
      test.alerting.start();
      await test.step(() => test.set(11, 'a'));
      expect(test.notified).toEqual(['long_queue a firing']);
      expect(test.warnings).toEqual([expect.stringMatching(/^Alert handler fails failed: /)]);
      expect(test.alerting.handlers()[0]).toMatchObject({ failed: 1 });
      await test.step(() => test.set(1, 'a'));
      expect(test.registryWarnings).toEqual([
        expect.stringMatching(/^Callback "alerting.subscribe" failed: /),
      ]);
      expect(scalars(test.registry, 'monitoring_callback_errors_total')).toMatchObject([
        { labels: { callback: 'alerting.subscribe' }, value: 2 },
      ]);
    },
  );

  it('does not change the leader when isLeader throws', async () => {
    let calls = 0;
    const isLeader = (): boolean => {
      if (++calls === 2) throw new Error('no idea');
      return true;
    };
    const test = paged(queueRule(), { isLeader });
    test.alerting.addAlertHandler(test.page);
    test.alerting.start();
    await test.step();
    await test.step(() => test.set(11, 'a'));
    expect(test.notified).toEqual(['long_queue a firing']);
    expect(test.warnings).toEqual(['isLeader() of alerting failed: no idea']);
  });

  it('does not keep the application from ending when it hangs while it is closed', async () => {
    useFakeTimers();
    const test = paged();
    const notify = (): void => undefined;
    test.alerting.addAlertHandler({ name: 'hangs', notify, close: () => new Promise<void>(() => undefined) });
    test.alerting.start();
    const stopped = test.alerting.stop();
    await jest.advanceTimersByTimeAsync(5 * SECOND);
    await stopped;
  });
});
