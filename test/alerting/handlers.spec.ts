import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { AlertmanagerHandler } from '../../lib/alerting/handlers/alertmanager.handler.js';
import { EmailAlertHandler } from '../../lib/alerting/handlers/email.handler.js';
import { LoggerAlertHandler } from '../../lib/alerting/handlers/logger.handler.js';
import { SlackAlertHandler } from '../../lib/alerting/handlers/slack.handler.js';
import { WebhookAlertHandler } from '../../lib/alerting/handlers/webhook.handler.js';
import { SMTPServer } from 'smtp-server';
import type { AnyAlertHandler } from '../../lib/alerting/notifications/notification.js';
import { queueRule, testAlerting } from './support.js';

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Post {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A server of the test's own that takes what is posted, or answers with another status. */
async function receiver(statuses: number[] = []): Promise<{ url: string; posts: Post[] }> {
  const posts: Post[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      posts.push({ path: request.url ?? '', headers: request.headers, text });
      response.writeHead(statuses.shift() ?? 200).end('taken');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, posts };
}

describe('a URL with a user and a password', () => {
  it.each<[string, (url: string) => AnyAlertHandler]>([
    ['of a webhook', (url) => new WebhookAlertHandler({ url })],
    ['of Slack', (url) => new SlackAlertHandler({ url })],
    ['of Alertmanager', (url) => new AlertmanagerHandler({ url })],
  ])('authenticates the handler, and neither is shown anywhere: %s', async (_, handlerTo) => {
    const { url, posts } = await receiver([200, 400]);
    const { alerting, long, warnings } = queues();
    alerting.addAlertHandler(handlerTo(url.replace('//', '//user:p%40ss@')));
    await long('a');
    await long('b');
    const authorization = `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(posts.length).toBeGreaterThanOrEqual(2);
    expect(posts.every(({ headers }) => headers.authorization === authorization)).toBe(true);
    expect(warnings.join()).toMatch(/responded with status 400$/);
    expect(warnings.join()).not.toContain('p%40ss');
  });
});

/** An engine in which a queue is long and then is not. */
function queues() {
  const tested = testAlerting();
  const queue = tested.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  tested.alerting.addAlertRule(
    queueRule({ severity: 'critical', annotations: { runbook_url: 'https://example.com/r' } }),
  );
  tested.alerting.start();
  ends.push(() => tested.alerting.stop());
  return {
    ...tested,
    long: (name = 'mail') => tested.step(() => queue.set({ queue: name }, 11)),
    short: (name = 'mail') => tested.step(() => queue.set({ queue: name }, 1)),
  };
}

describe('the logger', () => {
  it('logs each alert at the level of its severity', async () => {
    const { alerting, long, short } = queues();
    const said: string[] = [];
    const at = (level: string) => (message: string) => void said.push(`${level} ${message}`);
    alerting.addAlertHandler(
      new LoggerAlertHandler({ error: at('error'), warn: at('warn'), log: at('log') }),
    );
    await long();
    await short();
    expect(said).toEqual([
      'error long_queue firing: Queue mail has 11 jobs',
      'log long_queue resolved: Queue mail has 1 jobs',
    ]);
  });
});

describe('a webhook', () => {
  it('receives the signed payload of Alertmanager', async () => {
    const { url, posts } = await receiver();
    const { alerting, long, short } = queues();
    alerting.addAlertHandler(
      new WebhookAlertHandler({ url: `${url}/hook`, secret: 's3cret', headers: { 'x-team': 'ops' } }),
    );
    await long();
    await short();
    const [firing, resolved] = posts;
    expect(JSON.parse(firing?.text ?? '')).toMatchObject({
      version: '4',
      groupKey: '[["alertname","long_queue"]]',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'webhook',
      groupLabels: { alertname: 'long_queue' },
      commonLabels: { alertname: 'long_queue', severity: 'critical', queue: 'mail' },
      commonAnnotations: { summary: 'Queue mail has 11 jobs', runbook_url: 'https://example.com/r' },
      externalURL: '',
      alerts: [
        {
          status: 'firing',
          labels: { queue: 'mail' },
          startsAt: expect.stringMatching(/Z$/),
          endsAt: '0001-01-01T00:00:00Z',
          fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      ],
    });
    expect(JSON.parse(resolved?.text ?? '')).toMatchObject({
      status: 'resolved',
      alerts: [{ status: 'resolved' }],
    });
    const headers = firing?.headers;
    expect(headers?.['x-team']).toBe('ops');
    const signed = createHmac('sha256', 's3cret').update(
      `${String(headers?.['x-monitoring-timestamp'])}.${firing?.text}`,
    );
    expect(headers?.['x-monitoring-signature']).toBe(`sha256=${signed.digest('hex')}`);
  });

  it('retries after 503 but not after 400, and never shows its URL', async () => {
    const { url, posts } = await receiver([503, 200, 400]);
    const { alerting, long, warnings } = queues();
    alerting.addAlertHandler(new WebhookAlertHandler({ url: `${url}/T0/secret-path` }), {
      groupBy: ['queue'],
    });
    await long('a');
    expect(posts).toHaveLength(2);
    await long('b');
    expect(posts).toHaveLength(3);
    expect(warnings).toEqual([
      `Alert handler webhook failed: ${new URL(url).host} responded with status 400`,
    ]);
    expect(() => new WebhookAlertHandler({ url: 'secret' })).toThrow(
      '`url` of the options of WebhookAlertHandler must be an http or https URL. Its value may be a secret and is not shown. Check that the environment variable it is read from is set.',
    );
  });

  it('logs that the receiver could not be reached', async () => {
    const { alerting, long, warnings } = queues();
    alerting.addAlertHandler(new WebhookAlertHandler({ url: 'http://127.0.0.1:1/secret' }), { retries: 0 });
    await long();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^Alert handler webhook failed: 127\.0\.0\.1:1 could not be reached \(\w+\)$/,
    );
  });
});

describe('Slack', () => {
  it('receives a message in which labels are escaped', async () => {
    const { url, posts } = await receiver();
    const { alerting, long } = queues();
    alerting.addAlertHandler(new SlackAlertHandler({ url, channel: '#ops' }));
    await long('<!channel> & co');
    expect(JSON.parse(posts[0]?.text ?? '')).toMatchObject({
      channel: '#ops',
      text: '[FIRING:1] long_queue',
      attachments: [{ color: '#d00000', text: 'Queue &lt;!channel&gt; &amp; co has 11 jobs' }],
    });
  });
});

describe('e-mail', () => {
  it('reaches a real SMTP server, and retries when the server is busy', async () => {
    const mails: string[] = [];
    let busy = 1;
    const server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      onData(stream, _session, callback) {
        let text = '';
        stream.setEncoding('utf8');
        stream.on('data', (part: string) => (text += part));
        stream.on('end', () => {
          if (busy-- > 0) return callback(Object.assign(new Error('busy'), { responseCode: 451 }));
          mails.push(text);
          return callback();
        });
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const { port } = server.server.address() as AddressInfo;
    const { alerting, long, short } = queues();
    alerting.addAlertHandler(
      new EmailAlertHandler({
        from: 'alerts@example.com',
        to: ['ops@example.com', 'boss@example.com'],
        transport: `smtp://127.0.0.1:${port}`,
      }),
    );
    await long();
    await short();
    await alerting.stop();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(mails).toHaveLength(2);
    expect(mails[0]).toContain('Subject: [FIRING:1] long_queue');
    expect(mails[0]).toContain('To: ops@example.com, boss@example.com');
    expect(mails[0]).toContain('firing (critical): Queue mail has 11 jobs');
    expect(mails[1]).toContain('Subject: [RESOLVED] long_queue');
  });
});

describe('Alertmanager', () => {
  it('receives firing alerts again before they expire, and resolved ones at once with sendResolved', async () => {
    const { url, posts } = await receiver();
    const { alerting, long, short, clock } = queues();
    alerting.addAlertHandler(new AlertmanagerHandler({ url: `${url}/prefix/` }), { sendResolved: true });
    await long();
    const firedAt = new Date(clock.now()).toISOString();
    for (let i = 0; i < 4; i++) await long();
    await short();
    expect(posts.map(({ path }) => path)).toEqual(Array.from({ length: 3 }, () => '/prefix/api/v2/alerts'));
    const sent = posts.map(({ text }) => (JSON.parse(text) as { startsAt: string; endsAt: string }[])[0]);
    expect(sent.map((alert) => alert?.startsAt)).toEqual([firedAt, firedAt, firedAt]);
    const lifetimes = sent.map((alert) => (Date.parse(alert?.endsAt ?? '') - Date.parse(firedAt)) / 1000);
    // Good for four minutes each time; the last one is over.
    expect(lifetimes).toEqual([240, 300, 75]);
  });

  it('receives no resolved alerts by default, since they may still fire on another instance', async () => {
    const { url, posts } = await receiver();
    const { alerting, long, short } = queues();
    alerting.addAlertHandler(new AlertmanagerHandler({ url }));
    await long();
    await short();
    expect(posts).toHaveLength(1);
  });

  it.each<[object, string]>([
    [{ url: [] }, '`url` of the options of AlertmanagerHandler must be a URL or an array of at least one'],
    [{ url: undefined }, '`url` of the options of AlertmanagerHandler must be an http or https URL'],
    ...[0, -1, NaN, Infinity, '60s'].map((resendDelayMs): [object, string] => [
      { url: 'http://127.0.0.1:9093', resendDelayMs },
      '`resendDelayMs` of the options of AlertmanagerHandler must be a number of milliseconds from 1 to',
    ]),
  ])('cannot be configured with %o', (options, message) => {
    expect(() => new AlertmanagerHandler(options as never)).toThrow(message);
  });

  it('receives at most 256 alerts at once, and one of several URLs is enough', async () => {
    const { url, posts } = await receiver();
    const { alerting, registry, step, warnings } = queues();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    alerting.addAlertHandler(new AlertmanagerHandler({ url: ['http://127.0.0.1:1', url] }));
    await step(() => {
      for (let i = 0; i < 300; i++) queue.set({ queue: `${i}` }, 11);
    });
    expect(posts.map(({ text }) => (JSON.parse(text) as unknown[]).length)).toEqual([256, 44]);
    expect(warnings).toEqual([]);
  });
});
