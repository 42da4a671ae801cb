import { describe, expect, it } from '@jest/globals';
import type { Alert, AlertRule } from 'nestjs-monitoring';
import {
  type AlertCause,
  type AlertContext,
  type AlertNotification,
  LoggerAlertHandler,
  type NotificationHandler,
} from 'nestjs-monitoring/alerting';
import { readAlertContext } from '../../../lib/alerting/context/alert-context.reader.js';
import { MINUTE, testAlerting, type TestAlerting } from '../support.js';

const CAUSE: AlertCause = {
  name: 'GET /reports',
  hasFailed: true,
  text: 'GET 504 of rates.example failed after 20 ms, at Rates.inEuros (src/rates.ts:4:7).',
  count: 12,
  maxDurationMs: 40,
  recordId: 'abc',
  traceId: '0af7651916cd43dd8448eb211c80319c',
};

const SUMMARY = `GET /reports (100 % of the last 12 failures): ${CAUSE.text}`;

const RULE: AlertRule = {
  name: 'many_errors',
  condition: {
    metric: 'http_requests_total',
    labels: { status_code: /5../ },
    aggregate: 'rate',
    windowMs: 5 * MINUTE,
    groupBy: [],
    operator: '>',
    threshold: 0.01,
  },
  severity: 'critical',
  message: 'Errors',
};

/** An application with three routes, one of which begins to fail, while a queue grows and a cache stays as it is. */
async function failing(causes: () => readonly AlertCause[], handler?: NotificationHandler) {
  const alerting: TestAlerting = testAlerting({ causes });
  const requests = alerting.registry.counter('http_requests_total', 'Requests', {
    labelNames: ['method', 'route', 'status_code'],
  });
  const queue = alerting.registry.gauge('queue_length', 'Jobs');
  const hits = alerting.registry.counter('cache_hits_total', 'Hits');
  const heard: Alert[] = [];
  alerting.alerting.addAlertRule(RULE);
  alerting.history.retain({ metric: 'queue_length', windowMs: 30 * MINUTE });
  alerting.history.retain({ metric: 'cache_hits_total', windowMs: 30 * MINUTE });
  alerting.alerting.addAlertHandler(handler ?? ((alert) => void heard.push(alert)), { name: 'heard' });
  alerting.alerting.start();
  const minute = async (failures: number, jobs: number): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      await alerting.step(() => {
        for (const route of ['/orders', '/users', '/reports']) {
          requests.inc({ method: 'GET', route, status_code: '200' }, 20);
        }
        if (failures > 0) {
          requests.inc({ method: 'GET', route: '/reports', status_code: '500' }, failures);
          requests.inc({ method: 'GET', route: '/orders', status_code: '500' }, 1);
        }
        queue.set(jobs);
        hits.inc(7);
      });
    }
  };
  for (let i = 0; i < 12; i++) await minute(0, 3);
  for (let i = 0; i < 3; i++) await minute(30, 40);
  return { ...alerting, heard };
}

describe('the context of an alert', () => {
  it('reaches handlers with the first notification, and says the cause in a sentence', async () => {
    const { heard, alerting } = await failing(() => [CAUSE]);
    expect(heard[0]?.context).toMatchObject({
      summary: SUMMARY,
      causes: [CAUSE],
      traceId: CAUSE.traceId,
    });
    expect(alerting.contextOf(heard[0]!)).toEqual(heard[0]?.context);
  });

  it('names the labels that contribute most, of failed requests', async () => {
    const { heard } = await failing(() => []);
    const worst = heard[0]?.context?.worst ?? [];
    const route = worst.find(({ labels }) => 'route' in labels);
    expect(route).toMatchObject({ metric: 'http_requests_total', labels: { route: '/reports' } });
    expect(route?.share).toBeCloseTo(30 / 31, 5);
    expect(heard[0]?.context?.summary).toBe('97 % of http_requests_total has route="/reports".');
  });

  it('ranks the series that changed, and leaves out those that did not', async () => {
    const { heard } = await failing(() => []);
    const changes = heard[0]?.context?.changes ?? [];
    expect(changes.length).toBeLessThanOrEqual(10);
    expect(changes.map(({ metric }) => metric)).toContain('http_requests_total');
    expect(changes.map(({ metric }) => metric)).not.toContain('cache_hits_total');
    expect(changes[0]?.score).toBeGreaterThanOrEqual(changes.at(-1)?.score ?? 1);
  });

  it.each<[string, () => readonly AlertCause[]]>([
    [
      'throws',
      () => {
        throw new Error('no records');
      },
    ],
    ['returns no causes', () => []],
  ])('does not keep a notification back if its source %s', async (_, causes) => {
    const { heard } = await failing(causes);
    expect(heard.map(({ rule }) => rule)).toEqual(['many_errors']);
  });

  it('prefers the causes of the route that the alert names', async () => {
    const other = { ...CAUSE, name: 'GET /orders', text: 'something else.' };
    const alerting = testAlerting({ causes: () => [other, CAUSE] });
    const heard: Alert[] = [];
    const seconds = alerting.registry.gauge('slow', 'Slow', { labelNames: ['route'] });
    alerting.alerting.addAlertRule({
      name: 'slow',
      condition: { metric: 'slow', operator: '>', threshold: 1 },
      severity: 'warning',
      message: 'slow',
    });
    alerting.alerting.addAlertHandler((alert) => void heard.push(alert));
    alerting.alerting.start();
    for (let i = 0; i < 3; i++) await alerting.step(() => seconds.set({ route: '/reports' }, 2));
    expect(heard[0]?.context?.causes).toEqual([CAUSE]);
  });

  it.each<[string, AlertCause[], string]>([
    [
      'the share of the failures that are its own',
      [CAUSE, { ...CAUSE, text: 'Other.', count: 4 }],
      '75 % of the last 16 failures',
    ],
    ['a single failure as such', [{ ...CAUSE, count: 1 }], 'the last failure'],
    [
      'no share of what did not fail',
      [CAUSE, { ...CAUSE, hasFailed: false, count: 99 }],
      '100 % of the last 12 failures',
    ],
  ])('says %s', async (_, causes, share) => {
    const { heard } = await failing(() => causes);
    expect(heard[0]?.context?.summary).toBe(`GET /reports (${share}): ${CAUSE.text}`);
  });

  it('begins with the slowest cause if the alert is about a duration, also before failures', async () => {
    const slow = { ...CAUSE, hasFailed: false, text: 'Slow.', maxDurationMs: 3_000 };
    const alerting = testAlerting({ causes: () => [CAUSE, slow] });
    const heard: Alert[] = [];
    const duration = alerting.registry.histogram('http_request_duration_seconds', 'Time', {
      labelNames: ['route'],
    });
    alerting.alerting.addAlertRule({
      name: 'slow',
      condition: {
        metric: 'http_request_duration_seconds',
        aggregate: 'p95',
        windowMs: MINUTE,
        groupBy: ['route'],
        operator: '>',
        threshold: 1,
      },
      severity: 'warning',
      message: 'slow',
    });
    alerting.alerting.addAlertHandler((alert) => void heard.push(alert));
    alerting.alerting.start();
    for (let i = 0; i < 6; i++) await alerting.step(() => duration.observe({ route: '/reports' }, 3));
    expect(heard[0]?.context?.summary).toBe('GET /reports: Slow.');
    expect(heard[0]?.context?.causes).toEqual([slow, CAUSE]);
  });

  it('begins with what is slow if the alert is about the event loop, although more requests fail', () => {
    const { history } = testAlerting();
    const refused = { ...CAUSE, hasFailed: true, count: 150, maxDurationMs: 900 };
    const blocking = {
      ...CAUSE,
      hasFailed: false,
      name: 'GET /forecast',
      text: 'Blocked.',
      maxDurationMs: 3_500,
    };
    const summaryOf = (metric: string): string | undefined => {
      let summary: string | undefined;
      const rule = { longestWindowMs: MINUTE, retention: [{ metric }] };
      const onContext = (context: AlertContext): void => void (summary ??= context.summary);
      readAlertContext({ labels: {} }, rule, 0, history, () => [refused, blocking], onContext).next();
      return summary;
    };
    expect(summaryOf('nodejs_eventloop_lag_p99_seconds')).toBe('GET /forecast: Blocked.');
    expect(summaryOf('http_requests_total')).toContain(CAUSE.text);
  });

  it('has the causes before the event loop turns, which may take long during an incident', () => {
    const { history } = testAlerting();
    const found: AlertContext[] = [];
    const rule = { longestWindowMs: MINUTE, retention: [{ metric: 'http_requests_total' }] };
    const reading = readAlertContext(
      { labels: {} },
      rule,
      0,
      history,
      () => [CAUSE],
      (context) => {
        found.push(context);
      },
    );
    reading.next();
    expect(found).toEqual([
      { summary: SUMMARY, causes: [CAUSE], worst: [], changes: [], traceId: CAUSE.traceId },
    ]);
  });

  it('is in the text of ready-made handlers', async () => {
    const lines: string[] = [];
    const log = (text: string): void => void lines.push(text);
    await failing(() => [CAUSE], new LoggerAlertHandler({ error: log, warn: log, log }));
    expect(lines[0]).toBe(`many_errors firing: Errors; cause: ${SUMMARY}`);
  });

  it('is in the annotations that all alerts of a notification have', async () => {
    const heard: AlertNotification[] = [];
    await failing(() => [CAUSE], { name: 'all', notify: (notification) => void heard.push(notification) });
    expect(heard[0]?.commonAnnotations).toMatchObject({ cause: SUMMARY });
  });
});
