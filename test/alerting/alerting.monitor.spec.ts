import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AlertRule } from 'nestjs-monitoring';
import type { AlertEvent } from 'nestjs-monitoring/alerting';
import { testRules } from '../../lib/testing/rules/test-rules.js';
import { line, MINUTE, queueRule, SECOND, testAlerting } from './support.js';

const OPEN = { metric: 'jobs' } as const;
const FEW = { ...OPEN, operator: '<', threshold: 3 } as const;

/** What became of the alerts, one line for each change: seconds, what, value. */
function timeline(events: readonly AlertEvent[]): string[] {
  return events.map(({ type, timestamp, alert }) => `${timestamp / 1000} ${type} ${alert.value}`);
}

function run(rule: Partial<AlertRule>, values: string, at: string): string[] {
  const { events } = testRules({ rules: [queueRule(rule)], series: { queue_length: values }, at });
  return timeline(events);
}

describe('an alert', () => {
  it('fires in the evaluation that finds it if forMs is 0', () => {
    expect(run({}, '1 11 12 1', '45s')).toEqual(['15 firing 11', '45 resolved 1']);
  });

  it('is pending for the time of forMs, counted from the first evaluation that found it', () => {
    expect(run({ forMs: 30_000 }, '11x5', '75s')).toEqual(['0 pending 11', '30 firing 11']);
    expect(run({ forMs: 31_000 }, '11x5', '75s')).toEqual(['0 pending 11', '45 firing 11']);
    // For a while that is shorter than the interval: at the next evaluation.
    expect(run({ forMs: 1 }, '11x5', '75s')).toEqual(['0 pending 11', '15 firing 11']);
  });

  it('is cleared without a notification if it ends while pending, and waits again when it returns', () => {
    expect(run({ forMs: 30_000 }, '11 11 1 11 11 11', '75s')).toEqual([
      '0 pending 11',
      '30 cleared 11',
      '45 pending 11',
      '75 firing 11',
    ]);
  });

  it('keeps firing for the time of keepFiringForMs after its last match, and again after it returned', () => {
    expect(run({ keepFiringForMs: 30_000 }, '11 1 1 1 11', '60s')).toEqual([
      '0 firing 11',
      '45 resolved 1',
      '60 firing 11',
    ]);
    expect(run({ keepFiringForMs: 30_000 }, '11 1 11 1 1 1', '75s')).toEqual([
      '0 firing 11',
      '75 resolved 1',
    ]);
  });

  it('is a new alert when it returns after it was resolved', () => {
    const { events } = testRules({
      rules: [queueRule()],
      series: { queue_length: '11 1 11' },
      at: '30s',
    });
    expect(events.map(({ alert }) => alert.activeAt)).toEqual([0, 0, 30_000]);
  });

  it('is identified by its labels, while value and message change with every evaluation', () => {
    const { alerts, events } = testRules({
      rules: [queueRule({ labels: { team: 'ops', of: 'queue {{ labels.queue }}' } })],
      series: { 'queue_length{queue="mail"}': '11 12 13.5' },
      at: '30s',
    });
    expect(events).toHaveLength(1);
    expect(alerts).toMatchObject([
      {
        value: 13.5,
        message: 'Queue mail has 13.5 jobs',
        labels: {
          alertname: 'long_queue',
          severity: 'warning',
          queue: 'mail',
          team: 'ops',
          of: 'queue mail',
        },
      },
    ]);
  });

  it('is another alert if a value in its labels changes', () => {
    expect(run({ labels: { value: '{{ value }}' } }, '11 12', '15s')).toEqual([
      '0 firing 11',
      '15 resolved 12',
      '15 firing 12',
    ]);
  });

  it('is retained for 15 minutes after it was resolved', async () => {
    const { registry, alerting, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.');
    alerting.addAlertRule(queueRule());
    alerting.start();
    await step(() => queue.set(11));
    await step(() => queue.set(1));
    for (let i = 0; i < 60; i++) await step();
    expect(alerting.alerts().map(({ state }) => state)).toEqual(['resolved']);
    await step();
    expect(alerting.alerts()).toEqual([]);
  });

  it('keeps its state when the clock is set back', async () => {
    const { registry, alerting, clock, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    const jobs = registry.counter('jobs_total', 'Jobs.');
    const notified: string[] = [];
    alerting.addAlertRule(queueRule({ forMs: 30 * SECOND }));
    alerting.addAlertRule({
      name: 'busy',
      condition: { metric: 'jobs_total', aggregate: 'rate', windowMs: MINUTE, operator: '>', threshold: 0 },
      severity: 'warning',
      message: 'Busy',
    });
    alerting.addAlertHandler((alert) => void notified.push(line(alert).replace(/ \S+$/, '')));
    alerting.start();
    const work = (): void => jobs.inc(30);
    await step(() => queue.set({ queue: 'mail' }, 11));
    await step(work);
    await step(work);
    await step(() => {
      work();
      queue.set({ queue: 'late' }, 12);
    });
    expect(notified).toEqual(['busy firing', 'long_queue mail firing']);

    clock.jumpTo(clock.now() - 60 * MINUTE);
    // The rate is not known as long as there is one sample.
    await step(work);
    expect(notified).toHaveLength(2);
    await step(work);
    expect(notified).toEqual(['busy firing', 'long_queue mail firing', 'long_queue late firing']);
    for (const { activeAt } of alerting.alerts()) expect(activeAt).toBeLessThan(clock.now());

    await step(() => queue.reset());
    for (let i = 0; i < 8; i++) await step();
    expect(notified.toSorted().filter((message) => message.includes('resolved'))).toEqual([
      'busy resolved',
      'long_queue late resolved',
      'long_queue mail resolved',
    ]);
    expect(notified).toHaveLength(6);
  });
});

describe('a rule', () => {
  it('keeps its alerts and reports an error when it fails to evaluate', async () => {
    const { registry, alerting, step, warnings } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue', 'host'] });
    alerting.addAlertRule(queueRule({ labels: { host: 'any' } }));
    alerting.start();
    await step(() => queue.set({ queue: 'mail', host: 'a' }, 11));
    expect(alerting.alerts().map(line)).toEqual(['long_queue mail firing 11']);
    // The label of the rule makes both the same.
    await step(() => queue.set({ queue: 'mail', host: 'b' }, 12));
    expect(alerting.rules()[0]).toMatchObject({ health: 'err', failures: 1, evaluations: 2 });
    expect(alerting.rules()[0]?.lastError).toContain('two alerts with the same labels');
    expect(alerting.alerts().map(line)).toEqual(['long_queue mail firing 11']);
    expect(warnings).toHaveLength(1);
    await step(() => queue.remove({ queue: 'mail', host: 'b' }));
    expect(alerting.rules()[0]).toMatchObject({ health: 'ok', state: 'firing' });
  });

  it('has no alerts and an error above its limit', async () => {
    const { registry, alerting, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    alerting.addAlertRule(queueRule({ limit: 2 }));
    alerting.start();
    await step(() => ['a', 'b'].forEach((name) => queue.set({ queue: name }, 11)));
    expect(alerting.alerts()).toHaveLength(2);
    await step(() => queue.set({ queue: 'c' }, 11));
    expect(alerting.alerts()).toEqual([]);
    expect(alerting.rules()[0]?.lastError).toBe('it has 3 alerts, above its limit of 2');
  });

  it('reports an error while the history lacks series in its window, and handlers hear of its alerts', async () => {
    const { registry, alerting, step } = testAlerting({}, { maxBytes: 60_000 });
    const jobs = registry.counter('jobs_total', 'Jobs.', { labelNames: ['queue'] });
    const sent: string[] = [];
    alerting.addAlertHandler({
      name: 'states',
      resendDelayMs: 10 * MINUTE,
      send: async (alerts) => void sent.push(...alerts.map(line)),
    });
    const condition = { metric: 'jobs_total', aggregate: 'increase', windowMs: MINUTE } as const;
    alerting.addAlertRule(queueRule({ condition: { ...condition, operator: '>', threshold: 50 } }));
    alerting.start();
    await step(() => {
      jobs.inc({ queue: 'mail' }, 100);
      for (let i = 0; i < 200; i++) jobs.inc({ queue: `${i}` });
    });
    const health = () => alerting.rules()[0]?.health;
    expect(alerting.rules()[0]?.lastError).toContain('no room for every series of jobs_total');
    expect(sent).toEqual(['long_queue mail firing 100']);
    for (let i = 0; i < 200; i++) jobs.remove({ queue: `${i}` });
    for (let i = 0; i < 4; i++) {
      await step();
      expect(health()).toBe('err');
    }
    await step();
    expect(health()).toBe('ok');
    expect(alerting.rules()[0]?.lastError).toBeUndefined();
  });

  it.each<[string, Partial<AlertRule>, string[]]>([
    ['a sum', { condition: { ...FEW, groupBy: [] } }, []],
    ['an average', { condition: { ...FEW, aggregate: 'avg', windowMs: MINUTE, groupBy: [] } }, []],
    ['a ratio of sums', { condition: { ...FEW, groupBy: [], dividedBy: { ...OPEN, groupBy: [] } } }, []],
    ['a percentile', { condition: { ...FEW, metric: 'jobs_seconds', aggregate: 'p95', groupBy: [] } }, []],
    ['no data', { condition: FEW, noData: 'alert' }, []],
    ['each series', { condition: FEW }, ['few a firing 1', 'few b firing 1']],
  ])('about %s of a metric that lacks series sends what it is certain of', async (_, rule, expected) => {
    const { registry, alerting, step } = testAlerting({}, { maxBytes: 2_000 });
    const jobs = registry.gauge('jobs', 'Jobs.', { labelNames: ['queue'] });
    const seconds = registry.histogram('jobs_seconds', 'Durations.', { labelNames: ['queue'], buckets: [1] });
    const sent: string[] = [];
    alerting.addAlertHandler({
      name: 'states',
      resendDelayMs: 10 * MINUTE,
      send: async (alerts) => void sent.push(...alerts.map(line)),
    });
    alerting.addAlertRule(queueRule({ name: 'few', message: 'Few jobs', ...rule }));
    alerting.start();
    await step(() => {
      for (const queue of ['a', 'b', 'c', 'd', 'e']) {
        jobs.set({ queue }, 1);
        seconds.observe({ queue }, 1);
      }
    });
    expect(alerting.rules()[0]?.lastError).toContain('no room for every series of jobs');
    expect(alerting.alerts()).not.toEqual([]);
    expect(sent).toEqual(expected);
  });

  it('does not resolve the alert of a series that the history evicts', async () => {
    const { registry, history, alerting, step } = testAlerting({}, { maxBytes: 8_000 });
    const jobs = registry.gauge('jobs', 'Jobs.', { labelNames: ['queue'] });
    const sent: string[] = [];
    alerting.addAlertHandler(
      {
        name: 'states',
        resendDelayMs: 10 * MINUTE,
        send: async (alerts) => void sent.push(...alerts.map(line)),
      },
      { sendResolved: true },
    );
    alerting.addAlertRule(queueRule({ name: 'few', message: 'Few jobs', condition: FEW }));
    alerting.start();
    await step(() => ['a', 'b', 'c', 'd', 'e'].forEach((queue) => jobs.set({ queue }, 1)));
    expect(sent).toHaveLength(5);
    history.retain({ metric: 'jobs', windowMs: 60 * MINUTE });
    await step();
    expect(alerting.alerts().map(({ state }) => state)).toContain('resolved');
    expect(sent).toHaveLength(5);
    await step(() => jobs.reset());
    const resolved = ['a', 'b', 'c', 'd', 'e'].map((queue) => `few ${queue} resolved`);
    expect(
      sent
        .slice(5)
        .map((text) => text.replace(/ \S+$/, ''))
        .toSorted(),
    ).toEqual(resolved);
  });

  it('fails once for one evaluation, above its limit and without all of its series', async () => {
    const { registry, alerting, step } = testAlerting({}, { maxBytes: 2_000 });
    const jobs = registry.gauge('jobs', 'Jobs.', { labelNames: ['queue'] });
    alerting.addAlertRule(queueRule({ name: 'few', message: 'Few jobs', condition: FEW, limit: 1 }));
    alerting.start();
    await step(() => ['a', 'b', 'c', 'd', 'e'].forEach((queue) => jobs.set({ queue }, 1)));
    expect(alerting.rules()[0]).toMatchObject({
      evaluations: 1,
      failures: 1,
      lastError: 'it has 2 alerts, above its limit of 1',
    });
  });

  it('that fails for one severity of a service level leaves the alerts of the other certain', async () => {
    const { registry, alerting, step } = testAlerting();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['route', 'code'] });
    const sent: string[] = [];
    alerting.addAlertHandler({
      name: 'states',
      resendDelayMs: 10 * MINUTE,
      send: async (alerts) => void sent.push(...alerts.map((alert) => `${alert.severity} ${alert.state}`)),
    });
    const burnRate = { longMs: 2 * MINUTE, shortMs: MINUTE };
    const slo = {
      objective: 99,
      total: { metric: 'requests_total' },
      errors: { metric: 'requests_total', labels: { code: '500' } },
      groupBy: ['route'],
      burnRates: [
        { ...burnRate, factor: 1, severity: 'warning' },
        { ...burnRate, factor: 80, severity: 'critical' },
      ],
    } as const;
    alerting.addAlertRule({ name: 'availability', slo, limit: 1 });
    alerting.start();
    for (let i = 0; i < 2; i++) {
      await step(() => {
        requests.inc({ route: '/a', code: '500' });
        for (const code of ['200', '500']) requests.inc({ route: '/b', code });
      });
    }
    expect(alerting.rules().map(({ severity, health }) => `${severity} ${health}`)).toEqual([
      'warning err',
      'critical ok',
    ]);
    expect(sent).toEqual(['critical firing']);
  });

  it('can be added, replaced and removed between evaluations', async () => {
    const { registry, alerting, store, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    alerting.start();
    expect(store.hasRequests).toBe(false);
    alerting.addAlertRule(queueRule());
    expect(() => alerting.addAlertRule(queueRule())).toThrow(
      'There is already an alert rule named "long_queue". Call replaceAlertRule() to replace it, or choose another name.',
    );
    const events: string[] = [];
    alerting.subscribe(({ type, alert }) => events.push(`${type} ${alert.value}`));
    await step(() => queue.set({ queue: 'mail' }, 11));
    expect(events).toEqual(['firing 11']);
    // It has not been true for so long.
    alerting.replaceAlertRule(queueRule({ forMs: MINUTE }));
    expect(alerting.alerts().map(line)).toEqual(['long_queue mail pending 11']);
    for (let i = 0; i < 4; i++) await step();
    expect(events).toEqual(['firing 11', 'resolved 11', 'pending 11', 'firing 11']);
    expect(alerting.removeAlertRule('long_queue')).toBe(true);
    expect(alerting.removeAlertRule('long_queue')).toBe(false);
    expect(events.at(-1)).toBe('resolved 11');
    expect(alerting.rules()).toEqual([]);
    expect(store.hasRequests).toBe(false);
  });

  it('resolves, fires or keeps its alerts without data, as noData says', () => {
    const series = { 'queue_length{queue="mail"}': '11 stale _x3', other_length: '1x5' };
    const at = '30s';
    testRules({ rules: [queueRule()], series, at, expect: [] });
    testRules({
      rules: [queueRule({ noData: 'alert' })],
      series,
      at,
      expect: [{ rule: 'long_queue', value: 1 }],
    });
    testRules({
      rules: [queueRule({ noData: 'keep' })],
      series,
      at,
      expect: [{ rule: 'long_queue', labels: { queue: 'mail' } }],
    });
  });
});

describe('an invalid rule', () => {
  const condition = { metric: 'queue_length', operator: '>', threshold: 1 };

  it.each<[object, string | RegExp]>([
    [
      { severity: 'bad' },
      /severity`? of the alert rule "long_queue" .*one of critical, warning, info.*got .*"bad"/,
    ],
    [
      { condition: { ...condition, operator: '=>' } },
      /condition\.operator`? of the alert rule "long_queue" .*one of >, >=, <, <=, ==, !=.*got .*"=>"/,
    ],
    [
      { condition: { ...condition, threshold: NaN } },
      /condition\.threshold`? of the alert rule "long_queue" .*a finite number.*got NaN/,
    ],
    [
      { condition: { ...condition, aggregate: 'p101' } },
      /condition\.aggregate`? of the alert rule "long_queue" .*one of last, rate, increase, delta, avg, min, max, sum or a quantile such as p95.*"p101"/,
    ],
    [
      { condition: { ...condition, aggregate: 'p95' } },
      '`condition.aggregate` of the alert rule "long_queue" must not be a quantile, because queue_length is a gauge; got "p95". Use a histogram or a timer.',
    ],
    [
      { condition: { ...condition, metric: 'work_seconds', aggregate: 'max' } },
      '`condition.aggregate` of the alert rule "long_queue" must be rate, increase, avg or a quantile such as p95, because work_seconds is a histogram; got "max".',
    ],
    [
      { condition: { ...condition, metric: 'cpu_percent', groupBy: ['x'] } },
      '`condition` of the alert rule "long_queue" must not have `groupBy`: cpu_percent is a vital, a single number computed from other metrics.',
    ],
    [
      { condition: { ...condition, labels: { queue: /a(?=b)/ } } },
      'The label "queue" in condition.labels of the alert rule "long_queue" must be a regular expression without flags, lookarounds and back references, which Prometheus does not support; got /a(?=b)/.',
    ],
    [
      { condition: { all: [] } },
      /condition\.all`? of the alert rule "long_queue" .*a non-empty array of conditions/,
    ],
    [
      { message: '{{ $value }}' },
      '`message` of the alert rule "long_queue" must contain only the placeholders {{ value }}, {{ value | printf "%.2f" }}, {{ value | humanizePercentage }}, {{ labels.name }} and {{ process_cpu }}; got "{{ $value }}".',
    ],
    [
      { labels: { severity: 'x' } },
      '`labels` of the alert rule "long_queue" must not contain "severity", which the rule sets itself. Choose another label name.',
    ],
    [{ forMs: -1 }, /forMs`? of the alert rule "long_queue" .*a whole number.*got -1/],
    [{ slo: {} }, 'The alert rule "long_queue" must have either a `condition` or an `slo`; it has both.'],
    [
      { condition: { ...condition, metric: 'queue_lengths' } },
      'The alert rule "long_queue" uses the metric "queue_lengths", which does not exist. Did you mean "queue_length"?',
    ],
  ])('is rejected: %j', (more, message) => {
    const { registry, alerting } = testAlerting();
    registry.gauge('queue_length', 'Jobs.');
    registry.timer('work_seconds', 'Work.');
    alerting.start();
    expect(() => alerting.addAlertRule(queueRule(more as Partial<AlertRule>))).toThrow(message);
  });

  it.each([0.999, 0.99, 1, 0, -1, 100, 100.1, NaN, '99.9', undefined])(
    'is rejected if the objective is no percentage: %j',
    (objective) => {
      const { registry, alerting } = testAlerting();
      registry.counter('requests_total', 'Requests.', { labelNames: ['code'] });
      const metric = 'requests_total';
      const slo = { objective, total: { metric }, errors: { metric, labels: { code: '500' } } };

      expect(() => alerting.addAlertRule({ name: 'availability', slo } as AlertRule)).toThrow(
        '`slo.objective` of the alert rule "availability" must be a percentage above 1 and below 100, such as 99.9; got',
      );
    },
  );

  it('accepts a metric that is defined later if the rule allows it', async () => {
    const { registry, alerting, step } = testAlerting();
    alerting.addAlertRule(queueRule({ allowMissingMetric: true }));
    alerting.start();
    await step();
    await step(() => registry.gauge('queue_length', 'Jobs.').set(11));
    expect(alerting.alerts().map(line)).toEqual(['long_queue firing 11']);
  });
});

describe('testRules', () => {
  it('fails with the expected and the actual alerts', () => {
    const test = {
      rules: [queueRule()],
      series: { 'queue_length{queue="mail"}': '0+10x10' },
      at: '1m',
    };
    testRules({ ...test, expect: [{ rule: 'long_queue', labels: { queue: 'mail' }, value: 40 }] });
    expect(() => testRules({ ...test, expect: [] })).toThrow(
      'Expected alerts at 1m:\n  none\nActual alerts:\n  {"rule":"long_queue","state":"firing"',
    );
    expect(() => testRules({ ...test, expect: [{ rule: 'long_queue', value: 39 }] })).toThrow(
      'Expected alerts',
    );
  });

  it('rejects series with invalid notation', () => {
    expect(() => testRules({ rules: [], at: 0, series: { a: 'NaN' } })).toThrow('got "NaN"');
    expect(() => testRules({ rules: [], at: 0, series: { a: '1+1' } })).toThrow('got "1+1"');
    expect(() => testRules({ rules: [], at: 0, series: { 'a{b=c}': '1' } })).toThrow(
      'with labels in double quotes',
    );
    expect(() => testRules({ rules: [], at: 0, series: { '1a': '1' } })).toThrow('got "1a"');
  });
});

describe('the state of alerts', () => {
  let folder = '';
  let stateFile = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-alerts-'));
    stateFile = join(folder, 'alerts.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('survives a restart: a firing alert is not notified again, and an ended one is notified as resolved', async () => {
    const notified: string[] = [];
    const first = testAlerting({ stateFile });
    const queue = first.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    const rule = queueRule({ forMs: 15 * SECOND });
    const start = ({ alerting }: typeof first): void => {
      alerting.addAlertRule(rule);
      alerting.addAlertHandler((alert) => notified.push(line(alert)), { name: 'page' });
      alerting.start();
    };
    start(first);
    first.alerting.silence({ matchers: { queue: 'silent' }, durationMs: 60 * MINUTE });
    await first.step(() => ['mail', 'print'].forEach((name) => queue.set({ queue: name }, 11)));
    await first.step(() => queue.set({ queue: 'late' }, 12));
    expect(notified).toEqual(['long_queue mail firing 11', 'long_queue print firing 11']);
    await first.alerting.stop();
    expect(await readdir(folder)).toEqual(['alerts.json']);

    const second = testAlerting({ stateFile }, { clock: first.clock });
    const again = second.registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    first.clock.advance(10 * MINUTE);
    start(second);
    expect(second.alerting.silences()).toHaveLength(1);
    expect(second.alerting.alerts().map(line)).toEqual([
      'long_queue mail firing 11',
      'long_queue print firing 11',
      'long_queue late pending 12',
    ]);
    await second.step(() => ['mail', 'late'].forEach((name) => again.set({ queue: name }, 13)));
    expect(notified.slice(2)).toEqual(['long_queue late firing 13']);
    // Nothing is known of the third; that it is not true any more shows when its window has been seen.
    await second.step();
    await second.step();
    expect(notified.slice(3)).toEqual(['long_queue print resolved 11']);
    await second.alerting.stop();
  });

  it('is discarded after an outage of more than an hour, and ignored if it cannot be read', async () => {
    const first = testAlerting({ stateFile });
    first.registry.gauge('queue_length', 'Jobs.').set(11);
    first.alerting.addAlertRule(queueRule());
    first.alerting.start();
    await first.step();
    await first.alerting.stop();
    first.clock.advance(61 * MINUTE);
    const second = testAlerting({ stateFile }, { clock: first.clock });
    second.registry.gauge('queue_length', 'Jobs.');
    second.alerting.addAlertRule(queueRule());
    second.alerting.start();
    expect(second.alerting.alerts()).toEqual([]);
    await second.alerting.stop();

    await writeFile(stateFile, '{"version":');
    const third = testAlerting({ stateFile });
    third.alerting.start();
    expect(third.warnings[0]).toMatch(/^Saved alert state could not be read: /);
  });
});
