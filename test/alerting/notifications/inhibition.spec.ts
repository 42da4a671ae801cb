import { describe, expect, it } from '@jest/globals';
import type { Alert } from 'nestjs-monitoring';
import { inhibition } from '../../../lib/alerting/notifications/inhibition.js';

function alert(labels: Record<string, string>, state: Alert['state'] = 'firing'): Alert {
  return {
    rule: labels['alertname'] ?? '',
    severity: 'warning',
    message: '',
    state,
    value: 1,
    labels,
    annotations: {},
    fingerprint: JSON.stringify(labels),
    activeAt: 0,
  };
}

const rule = {
  source: { severity: 'critical' },
  target: { severity: 'warning' },
  equal: ['service'],
};
const critical = alert({ severity: 'critical', service: 'shop' });

describe('inhibition()', () => {
  it('returns the firing alerts that inhibit an alert with the same labels', () => {
    const inhibitorsOf = inhibition([rule], [critical]);
    expect(inhibitorsOf(alert({ severity: 'warning', service: 'shop' }))).toEqual([critical]);
    expect(inhibitorsOf(alert({ severity: 'warning', service: 'mail' }))).toEqual([]);
    expect(inhibitorsOf(alert({ severity: 'info', service: 'shop' }))).toEqual([]);
  });

  it('ends with the firing of the source', () => {
    for (const state of ['pending', 'resolved'] as const) {
      const inhibitorsOf = inhibition([rule], [alert(critical.labels, state)]);
      expect(inhibitorsOf(alert({ severity: 'warning', service: 'shop' }))).toEqual([]);
    }
  });

  it('treats a missing label as an empty one, also one with the name of an object method', () => {
    const withConstructor = { ...rule, equal: ['constructor'] };
    const inhibitorsOf = inhibition([withConstructor], [critical]);
    expect(inhibitorsOf(alert({ severity: 'warning' }))).toEqual([critical]);
    expect(inhibitorsOf(alert({ severity: 'warning', constructor: 'x' }))).toEqual([]);
  });

  it('does not let an alert inhibit itself, nor two alerts each other', () => {
    const everything = { source: { team: 'a' }, target: { team: 'a' } };
    const one = alert({ team: 'a', alertname: 'one' });
    const other = alert({ team: 'a', alertname: 'other' });
    const inhibitorsOf = inhibition([everything], [one, other]);
    expect([...inhibitorsOf(one), ...inhibitorsOf(other)]).toEqual([]);
  });

  it('names an alert once that inhibits by several rules', () => {
    const inhibitorsOf = inhibition([rule, rule], [critical]);
    expect(inhibitorsOf(alert({ severity: 'warning', service: 'shop' }))).toEqual([critical]);
  });
});
