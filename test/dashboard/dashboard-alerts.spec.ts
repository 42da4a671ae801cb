import { describe, expect, it } from '@jest/globals';
import { DashboardAlerts } from '../../lib/dashboard/dashboard-alerts.js';

describe('an alert on the dashboard', () => {
  function rowOf(alert: Readonly<Record<string, unknown>>) {
    const labels = { alertname: 'slow', severity: 'warning', route: '/a' };
    const alerting = {
      alerts: () => [
        { fingerprint: 'a', rule: 'slow', severity: 'warning', message: 'Slow.', labels, ...alert },
      ],
      statusOf: () => ({ silencedBy: [], inhibitedBy: [] }),
      contextOf: () => undefined,
    };
    return new DashboardAlerts(alerting as never, {} as never, {} as never).alerts()[0];
  }

  it('has the start of its state, and the time from which on its condition holds', () => {
    const times = { activeAt: 1_000, firedAt: 61_000, resolvedAt: 90_000 };
    expect(rowOf({ state: 'pending', activeAt: 1_000 })).toMatchObject({ since: 1_000, activeAt: 1_000 });
    expect(rowOf({ state: 'firing', ...times })).toMatchObject({ since: 61_000, activeAt: 1_000 });
    expect(rowOf({ state: 'resolved', ...times })).toMatchObject({ since: 90_000, activeAt: 1_000 });
  });

  it('has only the labels without a column of their own, and no value that is no number', () => {
    expect(rowOf({ state: 'pending', activeAt: 1_000, value: NaN })).toMatchObject({
      labels: { route: '/a' },
      value: undefined,
    });
  });
});
