import { afterEach, describe, expect, it } from '@jest/globals';
import type { AlertRule } from 'nestjs-monitoring';
import type { LabelMatcher } from 'nestjs-monitoring/alerting';
import { FixtureModule, WITHOUT_COLLECTORS } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from '../e2e/fixture/start-app.js';

function ruleWith(condition: object): AlertRule {
  return { name: 'errors', severity: 'warning', message: 'm', condition } as unknown as AlertRule;
}

function requestsWith(labels: Record<string, LabelMatcher>, more: object = {}): AlertRule {
  const metric = 'http_requests_total';
  return ruleWith({
    metric,
    labels,
    aggregate: 'rate',
    windowMs: 60_000,
    operator: '>',
    threshold: 1,
    ...more,
  });
}

const other = { metric: 'http_requests_total', operator: '>', threshold: 1 };

describe.each(ADAPTERS)('a rule with a label that the metric does not have, on %s', (adapter) => {
  let running: RunningApp | undefined;
  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  it.each<[string, AlertRule, RegExp]>([
    ['misspelt', requestsWith({ statuscode: '500' }), /got "statuscode"\. Did you mean "status_code"\?/],
    ['as others call it', requestsWith({ status: /5../ }), /"method", "route", "status_code".*got "status"/],
    ['in another case', requestsWith({ Route: '/' }), /got "Route"\. Did you mean "route"\?/],
    ['like nothing that is there', requestsWith({ pod: 'x' }), /got "pod"\.$/],
    ['called like a method', requestsWith({ constructor: 'x' }), /got "constructor"/],
    ['among others', requestsWith({ method: 'GET', rout: ['/', '/a'] }), /Did you mean "route"\?/],
    ['to group by', requestsWith({}, { groupBy: ['routes'] }), /got "routes"\. Did you mean "route"\?/],
    [
      'in what is divided by',
      requestsWith(
        {},
        {
          dividedBy: {
            metric: 'http_requests_total',
            labels: { metod: 'GET' },
            aggregate: 'rate',
            windowMs: 60_000,
          },
        },
      ),
      /Did you mean "method"\?/,
    ],
    [
      'in one of several conditions',
      ruleWith({ any: [other, { ...other, labels: { rute: '/' } }] }),
      /Did you mean "route"\?/,
    ],
    ['that may not be empty', requestsWith({ tenant: { not: '' } }), /got "tenant"/],
  ])('keeps the application from starting, and suggests the nearest name: %s', async (_, rule, message) => {
    const options = { ...WITHOUT_COLLECTORS, alerting: { rules: [rule] } };
    const starting = startApp(adapter, FixtureModule.with(options)).then((started) => (running = started));
    await expect(starting).rejects.toThrow(message);
  });

  it('accepts default labels, and matchers for absent labels', async () => {
    const rules = [
      { ...requestsWith({ service: 'orders' }), name: 'by_default_label' },
      { ...requestsWith({ tenant: '' }), name: 'absent' },
      { ...requestsWith({ tenant: { not: 'a' } }), name: 'absent_too' },
      { ...requestsWith({ tenant: /a|/ }), name: 'either' },
    ];
    running = await startApp(
      adapter,
      FixtureModule.with({
        ...WITHOUT_COLLECTORS,
        defaultLabels: { service: 'orders' },
        alerting: { rules },
      }),
    );
    expect((await running.get('/ok')).status).toBe(200);
  });
});
