import { describe, expect, it } from '@jest/globals';
import { HealthMonitor } from '../../../lib/health/health.monitor.js';
import { Timeline, type TimelineSources } from '../../../lib/dashboard/now/timeline.js';
import { MINUTE, testAlerting } from '../../alerting/support.js';

const STARTED = 1_000;

function timeline(own: Partial<TimelineSources> = {}) {
  const { registry, history, step, alerting } = testAlerting();
  const level = registry.gauge('tank_level', 'Level.');
  history.retain({ metric: 'tank_level', windowMs: 30 * MINUTE });
  alerting.addAlertRule({
    name: 'tank_full',
    condition: { metric: 'tank_level', operator: '>', threshold: 5 },
    severity: 'critical',
    message: 'Tank is full',
  });
  alerting.start();
  const health = new HealthMonitor();
  const instance = { id: 'web-1:17:1000', host: 'web-1', pid: 17, startedAt: STARTED };
  const sources = { instance, lastExit: { get: () => undefined }, alerting, health, ...own };
  const events = new Timeline(sources);
  events.start();
  return { events, level, step, health };
}

describe('the timeline', () => {
  it('has the start, alerts that fire and end, and health changes', async () => {
    const { events, level, step, health } = timeline({ version: '1.4.2' });
    await step(() => level.set(9));
    await step(() => level.set(1));
    let isUp = true;
    health.addCheck({
      name: 'database',
      cacheMs: 0,
      check: () =>
        isUp ? { status: 'healthy', message: 'ok' } : { status: 'unhealthy', message: 'refused' },
    });
    await health.runHealthChecks();
    isUp = false;
    await health.runHealthChecks();
    const texts = events.events().map(({ kind, severity, text }) => `${kind} ${severity}: ${text}`);
    expect(texts).toEqual(
      expect.arrayContaining([
        'start info: Started, version 1.4.2',
        'alert critical: tank_full fires: Tank is full',
        'alert ok: tank_full is resolved',
        'health critical: Health check database is unhealthy: refused',
      ]),
    );
  });

  it('names a deployment, and how the process before ended', () => {
    const before = { isClean: false, details: 'Killed by the kernel', time: 400, version: '1.4.1' };
    const { events } = timeline({ version: '1.4.2', lastExit: { get: () => before } });
    expect(events.events()).toEqual([
      { at: 400, kind: 'exit', severity: 'critical', text: 'Killed by the kernel' },
      {
        at: STARTED,
        kind: 'deployment',
        severity: 'info',
        text: 'Version 1.4.2 deployed, before it was 1.4.1',
      },
    ]);
  });

  it('is bounded in number and length, and ends', async () => {
    const { events, level, step } = timeline({
      lastExit: { get: () => ({ isClean: true, details: 'x'.repeat(5_000), time: 1 }) },
    });
    for (let i = 0; i < 120; i++) await step(() => level.set(i % 2 === 0 ? 9 : 1));
    expect(events.events().length).toBeLessThanOrEqual(52);
    expect(Math.max(...events.events().map(({ text }) => text.length))).toBeLessThanOrEqual(200);
    const last = events.events().at(-1);
    events.stop();
    await step(() => level.set(9));
    await step(() => level.set(1));
    expect(events.events().at(-1)).toEqual(last);
  });
});
