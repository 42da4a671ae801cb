import { describe, expect, it } from '@jest/globals';
import { AlertingMonitor } from '../../../lib/alerting/alerting.monitor.js';
import { MetricsHistory } from '../../../lib/query/metrics-history.js';
import { type AlertEvent, type BackTestResult } from 'nestjs-monitoring/alerting';
import { HistoryStore } from '../../../lib/history/history-store.js';
import { NotationSnapshots } from '../../../lib/testing/rules/notation-snapshots.js';
import { readSeries } from '../../../lib/testing/rules/series-notation.js';
import { FakeClock } from '../../metrics/support.js';
import { expectThat } from '../../support/expectations.js';
import { exampleCases, randomCases, type RuleCase } from '../rule-cases.js';
import { MINUTE, queueRule, SECOND, testAlerting } from '../support.js';

/** What happened to whom, one line for each change; moments count from the first evaluation. */
function lines({ timelines, from }: BackTestResult): string[] {
  return timelines.flatMap(({ labels, changes }) =>
    changes.map(({ type, at, value }) =>
      `${(at - from) / SECOND} ${labels['queue'] ?? ''} ${type} ${value}`.replace(/ +/g, ' '),
    ),
  );
}

/** Runs a case as an application would, with all of its samples remembered, and then tries its rule on them. */
async function liveAndAfter({ rules: [rule], series, intervalMs, steps }: RuleCase) {
  const snapshots = new NotationSnapshots(
    Object.entries(series).map(([name, values]) => readSeries(name, values)),
    intervalMs,
  );
  let now = 0;
  const store = new HistoryStore({ intervalMs, retentionMs: steps * intervalMs, maxBytes: Infinity });
  const history = new MetricsHistory(store);
  const clock = { now: () => now, monotonic: () => now };
  const alerting = new AlertingMonitor(history, snapshots, clock, {
    intervalMs,
    inhibitRules: [],
    stateFile: undefined,
    logger: { warn: () => undefined },
  });
  for (const metric of snapshots.names()) history.retain({ metric });
  if (rule === undefined) throw new Error('The case has no rule.');
  alerting.addAlertRule(rule);
  const live: AlertEvent[] = [];
  for (let step = 0; step < steps; step++) {
    now = step * intervalMs;
    store.add(snapshots.snapshot(step, now), (key) => snapshots.isMissed(key, step));
    live.push(...alerting.evaluate(now));
  }
  const before = JSON.stringify([alerting.alerts(), alerting.rules().map(({ evaluations }) => evaluations)]);
  const after = await alerting.backTest({ ...rule, allowMissingMetric: true });
  expect(JSON.stringify([alerting.alerts(), alerting.rules().map(({ evaluations }) => evaluations)])).toBe(
    before,
  );
  return { live, after };
}

/** Whether there is anything to evaluate a rule over: what the history never saw, it cannot be asked about. */
function hasSamples({ rules, series }: RuleCase): boolean {
  const text = JSON.stringify(rules);
  return Object.keys(series).some((name) =>
    text.includes(`"${/^[a-z_]+?(?=_bucket|_count|_sum|{|$)/.exec(name)?.[0]}"`),
  );
}

function changesOf(events: readonly AlertEvent[]): string[] {
  return events
    .map(
      ({ type, timestamp, alert }) => `${timestamp} ${type} ${JSON.stringify(alert.labels)} ${alert.value}`,
    )
    .toSorted();
}

function changesAfter({ timelines }: BackTestResult): string[] {
  return timelines
    .flatMap(({ labels, changes }) =>
      changes.map(({ type, at, value }) => `${at} ${type} ${JSON.stringify(labels)} ${value}`),
    )
    .toSorted();
}

describe('a back test', () => {
  it('returns when each alert would have been pending, firing and resolved', async () => {
    const { registry, history, alerting, clock, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    history.retain({ metric: 'queue_length' });
    alerting.start();
    const began = clock.now() + 15 * SECOND;
    for (const mail of [3, 11, 12, 13, 4, 20, 5]) {
      await step(() => {
        queue.set({ queue: 'mail' }, mail);
        queue.set({ queue: 'print' }, 30 - mail);
      });
    }
    const result = await alerting.backTest(queueRule({ forMs: 30 * SECOND }));
    expect(lines(result)).toEqual([
      '0 print pending 27',
      '30 print firing 18',
      '75 print resolved 10',
      '90 print pending 25',
      '15 mail pending 11',
      '45 mail firing 13',
      '60 mail resolved 4',
      '75 mail pending 20',
      '90 mail cleared 20',
    ]);
    expect(result).toMatchObject({
      from: began,
      to: began + 90 * SECOND,
      completeFrom: began,
      evaluations: 7,
      failures: 0,
    });
    expect(result.timelines[0]).toMatchObject({
      severity: 'warning',
      labels: { alertname: 'long_queue', severity: 'warning', queue: 'print' },
      changes: [{ type: 'pending', at: began, value: 27, message: 'Queue print has 27 jobs' }, {}, {}, {}],
    });
    // From later on, it knows nothing of what was before.
    const later = await alerting.backTest(queueRule({ forMs: 30 * SECOND }), {
      from: began + 40 * SECOND,
    });
    expect(lines(later)).toEqual([
      '0 mail pending 13',
      '15 mail cleared 13',
      '30 mail pending 20',
      '45 mail cleared 20',
      '0 print pending 17',
      '30 print cleared 26',
      '45 print pending 25',
    ]);
  });

  it('notifies no handler, changes no state, and accepts the name of an added rule', async () => {
    const { registry, history, alerting, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    const notified: unknown[] = [];
    alerting.addAlertHandler((alert) => void notified.push(alert));
    alerting.subscribe((event) => void notified.push(event));
    alerting.addAlertRule(queueRule({ condition: { metric: 'queue_length', operator: '>', threshold: 99 } }));
    alerting.start();
    await step(() => queue.set({ queue: 'mail' }, 12));
    const { bytes } = history;
    expect(lines(await alerting.backTest(queueRule()))).toEqual(['0 mail firing 12']);
    expect(lines(await alerting.backTest('long_queue'))).toEqual([]);
    await expect(alerting.backTest('short_queue')).rejects.toThrow(
      'There is no alert rule named "short_queue". Rules: long_queue.',
    );
    await alerting.settled();
    expect(notified).toEqual([]);
    expect(alerting.alerts()).toEqual([]);
    await step();
    expect(history.bytes).toBe(bytes);
  });

  it('evaluates at the given step, with the last sample in a gap while that sample counts', async () => {
    const { registry, history, alerting, clock, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
    history.retain({ metric: 'queue_length' });
    await step(() => queue.set({ queue: 'mail' }, 12));
    // Nobody looked for 10 minutes, for example since the process was suspended: the sample counts for 5 of them.
    clock.advance(10 * MINUTE);
    await step(() => queue.set({ queue: 'mail' }, 13));
    expect(lines(await alerting.backTest(queueRule()))).toEqual(['0 mail firing 12']);
    const closely = await alerting.backTest(queueRule(), { stepMs: MINUTE });
    expect(closely.evaluations).toBe(11);
    expect(lines(closely)).toEqual(['0 mail firing 12', '360 mail resolved 12']);
    await expect(alerting.backTest(queueRule(), { stepMs: 1 })).rejects.toThrow(
      'The back test must have at most 11000 evaluations; got 615001. Use a longer `stepMs` or a later `from`.',
    );
  });

  it('returns the time from which the history covers every window of the rule', async () => {
    const { registry, history, alerting, step } = testAlerting();
    const jobs = registry.counter('jobs_total', 'Jobs.');
    history.retain({ metric: 'jobs_total', windowMs: 10 * MINUTE });
    for (let i = 0; i < 100; i++) await step(() => jobs.inc(15));
    const busy = (windowMs: number) =>
      alerting.backTest({
        name: 'busy',
        condition: { metric: 'jobs_total', aggregate: 'rate', windowMs, operator: '>', threshold: 0.9 },
        severity: 'info',
      });
    const short = await busy(5 * MINUTE);
    expect(short.completeFrom).toBe(short.from + 5 * MINUTE);
    // Two samples more than the window that is kept.
    expect(short.to - short.from).toBe(10 * MINUTE + 15 * SECOND);
    const long = await busy(60 * MINUTE);
    expect(long).not.toHaveProperty('completeFrom');
    expect(long.evaluations).toBe(42);
  });

  it('counts failed evaluations and continues', async () => {
    const { registry, history, alerting, step } = testAlerting();
    const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue', 'host'] });
    history.retain({ metric: 'queue_length' });
    await step(() => queue.set({ queue: 'mail', host: 'a' }, 11));
    await step(() => queue.set({ queue: 'mail', host: 'b' }, 12));
    await step(() => queue.remove({ queue: 'mail', host: 'b' }));
    const result = await alerting.backTest(queueRule({ labels: { host: 'any' } }));
    expect(result).toMatchObject({ evaluations: 3, failures: 1 });
    expect(result.lastError).toContain('two alerts with the same labels');
    expect(lines(result)).toEqual(['0 mail firing 11']);
  });

  it('has the alerts of each severity of a service level', async () => {
    const { registry, history, alerting, step } = testAlerting();
    const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['status'] });
    history.retain({ metric: 'requests_total' });
    const rule = {
      name: 'availability',
      slo: {
        objective: 99,
        total: { metric: 'requests_total' },
        errors: { metric: 'requests_total', labels: { status: '500' } },
        burnRates: [
          { longMs: 10 * MINUTE, shortMs: MINUTE, factor: 10, severity: 'critical' },
          { longMs: 20 * MINUTE, shortMs: 5 * MINUTE, factor: 2, severity: 'warning' },
        ],
      },
    } as const;
    for (let minute = 0; minute < 60; minute++) {
      for (let i = 0; i < 4; i++) {
        await step(() => {
          requests.inc({ status: '200' }, 100);
          // A tenth of what there is fails in minutes 30 to 39.
          requests.inc({ status: '500' }, minute >= 30 && minute < 40 ? 12 : 0);
        });
      }
    }
    const { timelines, from } = await alerting.backTest(rule);
    const inMinutes = timelines.map(({ severity, changes }) => [
      severity,
      ...changes.map(({ type, at }) => `${type} ${Math.round((at - from) / MINUTE)}`),
    ]);
    expect(inMinutes).toEqual([
      // 12 t of 20 × 100 + 12 t requests are 2 % when t is 3.4 minutes, and of 5 × 100 + 12 t when t is 0.9.
      ['warning', 'firing 33', 'resolved 44'],
      // 12 t of 10 × 100 + 12 t are 10 % when t is 9.3 minutes; the short window is clean a minute after the end.
      ['critical', 'firing 39', 'resolved 40'],
    ]);
  });

  it('yields to the event loop', async () => {
    class SlowClock extends FakeClock {
      override monotonic(): number {
        this.advance(1);
        return super.monotonic();
      }
    }
    const { registry, history, alerting, step } = testAlerting({}, { clock: new SlowClock() });
    registry.gauge('queue_length', 'Jobs.').set(1);
    history.retain({ metric: 'queue_length' });
    for (let i = 0; i < 20; i++) await step();
    let hadItsTurn = false;
    setImmediate(() => (hadItsTurn = true));
    await alerting.backTest(queueRule());
    expect(hadItsTurn).toBe(true);
  });

  it('rejects a rule without samples and invalid options', async () => {
    const { registry, history, alerting, clock, step } = testAlerting();
    registry.gauge('queue_length', 'Jobs.').set(1);
    await expect(alerting.backTest(queueRule())).rejects.toThrow(
      'The alert rule "long_queue" cannot be tested: the history has no sample of queue_length.',
    );
    history.retain({ metric: 'queue_length' });
    await step();
    await expect(alerting.backTest(queueRule(), { from: clock.now() + 1 })).rejects.toThrow(
      'the history has no sample of queue_length since `from`.',
    );
    await expect(alerting.backTest(queueRule(), { since: 0 } as never)).rejects.toThrow(
      /`since` in the options of the back test/,
    );
    await expect(alerting.backTest(queueRule(), { stepMs: 0 })).rejects.toThrow(
      /stepMs`? of the back test .*a number of milliseconds above 0.*got 0/,
    );
    const condition = { metric: 'queue_lengths', operator: '>', threshold: 1 } as const;
    await expect(alerting.backTest(queueRule({ condition }))).rejects.toThrow('Did you mean "queue_length"?');
  });
});

describe('a back test over the whole history', () => {
  it.each(Object.entries(exampleCases))('agrees with the live evaluation: %s', async (_, example) => {
    const { live, after } = await liveAndAfter(example);
    expect(changesAfter(after)).toEqual(changesOf(live));
  });

  it('agrees over random series and rules, with gaps, resets and series that end', async () => {
    let changes = 0;
    const cases = randomCases(90, 4_711)
      .flatMap((one) => one.rules.map((rule) => ({ ...one, rules: [rule] })))
      .filter(hasSamples);
    expect(cases.length).toBeGreaterThan(100);
    for (const one of cases) {
      const { live, after } = await liveAndAfter(one);
      expectThat(changesAfter(after), JSON.stringify(one.rules)).toEqual(changesOf(live));
      changes += live.length;
    }
    expect(changes).toBeGreaterThan(500);
  });
});
