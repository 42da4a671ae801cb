import { describe, expect, it } from '@jest/globals';
import type { Alert } from '../../../lib/alerting/alert.js';
import type { AlertCollection, CollectLimit } from '../../../lib/alerting/rules/alert-rule.js';
import { compileCollection } from '../../../lib/alerting/rules/collection.js';
import { AlertProfiles } from '../../../lib/alerting/context/alert-profiles.js';
import { MINUTE, queueRule, SECOND, testAlerting } from '../support.js';

const CONTEXT = { causes: () => [] };

function monitored(collect: AlertCollection, collectLimit?: CollectLimit) {
  const asked: string[] = [];
  const alerts: Alert[] = [];
  let end = (): void => undefined;
  const test = testAlerting({
    ...CONTEXT,
    capture: async ({ kind, seconds }, reason) => {
      asked.push(`${kind} ${seconds ?? '-'} ${reason}`);
      if (kind === 'heapSnapshot') throw new Error('no memory');
      return { name: `${kind}-${asked.length}`, done: new Promise<void>((resolve) => (end = resolve)) };
    },
  });
  const { alerting, registry } = test;
  const gauge = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  alerting.addAlertHandler((alert) => void alerts.push(alert), { name: 'kept' });
  alerting.addAlertRule(queueRule({ collect, ...(collectLimit && { collectLimit }) }));
  alerting.start();
  return { ...test, gauge, asked, alerts, end: () => end() };
}

describe('the profiles that an alert captures', () => {
  it('are captured one after the other when it begins to fire, and linked from its context', async () => {
    const test = monitored({ cpuProfile: '10s', report: true, heapSnapshot: true });
    await test.step(() => test.gauge.set({ queue: 'mail' }, 11));
    expect(test.asked).toEqual(['report - alert long_queue {queue="mail"}']);
    const [alert] = test.alerting.alerts();
    expect(test.alerting.contextOf(alert!)?.profiles).toEqual([
      { kind: 'report', name: 'report-1', isComplete: false },
    ]);
    expect(test.alerts.map(({ context }) => context?.profiles)).toEqual([
      [{ kind: 'report', name: 'report-1', isComplete: false }],
    ]);
    test.end();
    await Promise.resolve();
    await test.step();
    test.end();
    await test.step();
    expect(test.asked.map((text) => text.split(' ', 2).join(' '))).toEqual([
      'report -',
      'cpuProfile 10',
      'heapSnapshot -',
    ]);
    expect(test.alerting.contextOf(alert!)?.profiles).toEqual([
      { kind: 'report', name: 'report-1', isComplete: true },
      { kind: 'cpuProfile', name: 'cpuProfile-2', isComplete: true },
      { kind: 'heapSnapshot', isComplete: false, problem: 'no memory' },
    ]);
    expect(test.warnings).toEqual(['Alert rule long_queue captured no heapSnapshot: no memory']);
  });

  it('are captured no more often than the limit of the rule, once for alerts that fire together', async () => {
    const test = monitored({ report: true }, { count: 1, windowMs: MINUTE });
    await test.step(() => {
      test.gauge.set({ queue: 'a' }, 11);
      test.gauge.set({ queue: 'b' }, 11);
    });
    const shared = test.alerting.alerts().map((alert) => test.alerting.contextOf(alert)?.profiles);
    expect(shared).toEqual([shared[0], shared[0]]);
    await test.step(() => test.gauge.set({ queue: 'c' }, 11));
    expect(test.asked).toHaveLength(1);
    test.clock.advance(MINUTE);
    await test.step(() => test.gauge.set({ queue: 'd' }, 11));
    expect(test.asked).toHaveLength(2);
  });

  it('are not captured for a silenced alert', async () => {
    const test = monitored({ report: true });
    test.alerting.silence({
      matchers: { alertname: 'long_queue' },
      durationMs: MINUTE,
      comment: '',
    });
    await test.step(() => test.gauge.set({ queue: 'mail' }, 11));
    expect(test.asked).toEqual([]);
  });

  it('belong to one episode of an alert', () => {
    const profiles = new AlertProfiles(
      async () => ({ name: 'a', done: Promise.resolve() }),
      () => undefined,
    );
    const alert = { rule: 'r', labels: {}, fingerprint: 'f', firedAt: 1 } as unknown as Alert;
    profiles.collect('r', [alert], compileCollection('r', { name: 'r', collect: { report: true } })!, SECOND);
    expect(profiles.of({ ...alert, firedAt: 2 })).toEqual([]);
  });

  it.each([
    [{ collect: {} }, 'must have at least one of report, cpuProfile, allocations, heapSnapshot'],
    [{ collect: { cpuProfile: 10 } }, "must be a time from '1s' to '120s', such as '10s'; got 10"],
    [{ collect: { cpuProfile: '10 s' } }, "must be a time from '1s' to '120s'"],
    [{ collect: { allocations: '1000s' } }, "must be a time from '1s' to '120s'"],
    [{ collect: { heapSnapshot: 'yes' } }, 'heapSnapshot'],
    [{ collect: { heap: true } }, 'heap'],
    [{ collect: 'cpuProfile' }, 'must be an object'],
    [{ collect: { report: true }, collectLimit: { count: 0 } }, 'count'],
    [{ collect: { report: true }, collectLimit: { windows: 1 } }, 'windows'],
  ])('are checked: %j', (more, message) => {
    const { alerting } = testAlerting();
    expect(() => alerting.addAlertRule(queueRule(more as never))).toThrow(message);
  });
});
