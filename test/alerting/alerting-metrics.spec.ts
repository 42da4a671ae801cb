import { describe, expect, it, jest } from '@jest/globals';
import type { AlertRule } from 'nestjs-monitoring';
import { expectMetric } from 'nestjs-monitoring/testing';
import { AlertingMetrics } from '../../lib/alerting/alerting-metrics.js';
import { MINUTE, queueRule, testAlerting } from './support.js';

const EVALUATIONS = 'monitoring_rule_evaluations_total';
const FAILURES = 'monitoring_rule_evaluation_failures_total';

/** A service level with two severities. With two failing routes, the critical one has too many alerts. */
const availability: AlertRule = {
  name: 'availability',
  slo: {
    objective: 99,
    total: { metric: 'requests_total' },
    errors: { metric: 'requests_total', labels: { code: '500' } },
    groupBy: ['route'],
    burnRates: [
      { longMs: 2 * MINUTE, shortMs: MINUTE, factor: 1, severity: 'critical' },
      { longMs: 2 * MINUTE, shortMs: MINUTE, factor: 90, severity: 'warning' },
    ],
  },
  limit: 1,
};

/** Alerting with its metrics, and two routes of which every other request fails. */
function measuredAlerting() {
  const test = testAlerting();
  const { registry, alerting, step } = test;
  const metrics = new AlertingMetrics(alerting, registry);
  const requests = registry.counter('requests_total', 'Requests.', { labelNames: ['route', 'code'] });
  registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
  alerting.start();
  const evaluate = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      await step(() => {
        for (const route of ['/a', '/b']) for (const code of ['200', '500']) requests.inc({ route, code });
      });
    }
  };
  const total = (name: string, rule: string) => {
    metrics.collect();
    return expectMetric(registry, name, { rule });
  };
  return { ...test, evaluate, total };
}

describe('the metrics of alerting', () => {
  it('count the evaluations and failures of every severity of a service level once', async () => {
    const { alerting, evaluate, total } = measuredAlerting();
    alerting.addAlertRule(availability);
    await evaluate(3);
    const failures = alerting.rules().map((rule) => rule.failures);
    expect(failures).toEqual([3, 0]);
    for (let scrapes = 0; scrapes < 3; scrapes++) {
      total(EVALUATIONS, 'availability').toHaveValue(6);
      total(FAILURES, 'availability').toHaveValue(3);
    }
  });

  it('have the duration of all severities of a service level together', async () => {
    const { alerting, evaluate, total, clock } = measuredAlerting();
    // The clock of the test moves by a second whenever an evaluation begins or ends.
    const monotonic = clock.monotonic.bind(clock);
    clock.monotonic = () => {
      clock.advance(1_000);
      return monotonic();
    };
    alerting.addAlertRule(availability);
    await evaluate(1);
    total('monitoring_rule_evaluation_duration_seconds', 'availability').toHaveValue(2);
  });

  it('go on counting when a rule is removed and added again', async () => {
    const { alerting, evaluate, total } = measuredAlerting();
    alerting.addAlertRule(queueRule());
    await evaluate(3);
    total(EVALUATIONS, 'long_queue').toHaveValue(3);
    alerting.removeAlertRule('long_queue');
    total(EVALUATIONS, 'long_queue').toHaveValue(3);
    alerting.addAlertRule(queueRule());
    await evaluate(4);
    total(EVALUATIONS, 'long_queue').toHaveValue(7);
  });

  it.each(['alerts', 'rules', 'handlers'] as const)(
    'count nothing twice after %s() failed',
    async (source) => {
      const { alerting, evaluate, total } = measuredAlerting();
      alerting.addAlertRule(queueRule());
      await evaluate(3);
      total(EVALUATIONS, 'long_queue').toHaveValue(3);
      await evaluate(2);
      const read = jest.spyOn(alerting, source).mockImplementationOnce(() => {
        throw new Error('no memory');
      });
      expect(() => total(EVALUATIONS, 'long_queue')).toThrow('no memory');
      read.mockRestore();
      total(EVALUATIONS, 'long_queue').toHaveValue(5);
    },
  );
});
