import { afterEach, describe, expect, it } from '@jest/globals';
import {
  AlertingMonitor,
  type AlertRule,
  MetricsHistory,
  type MonitoringOptions,
  PerformanceMonitor,
} from 'nestjs-monitoring';
import { testRules } from 'nestjs-monitoring/testing';
import { HistorySampler } from '../../lib/history/history-sampler.js';
import { FixtureModule } from '../e2e/fixture/fixture.module.js';
import { ADAPTERS, type RunningApp, startApp } from '../e2e/fixture/start-app.js';
import { MINUTE } from './support.js';

const highErrorRate = {
  name: 'high_error_rate',
  condition: { metric: 'error_rate_percent', operator: '>', threshold: 5 },
  severity: 'critical',
  message: 'Error rate exceeds 5%',
} satisfies AlertRule;

const errors = { metric: 'http_requests_total', labels: { status_code: /5../ } };
const ruleOf = (condition: object): AlertRule =>
  ({
    name: 'example',
    severity: 'warning',
    message: '',
    condition: { ...errors, ...condition },
  }) as unknown as AlertRule;

describe('a test of rules', () => {
  const failing = 'http_requests_total{route="/boom",status_code="500"}';
  const good = { 'http_requests_total{route="/",status_code="200"}': '0+5x20' };

  it.each([
    ['a series from before the test', '_x5 20', []],
    ['a series that was created since the sample before', '_x5 created 20', [20]],
    ['one that was created before the first sample', 'created 20x5', [20]],
    ['one that goes on after its creation', '_x4 created 10 20', [20]],
    ['one that ended and was created again', '20x2 stale _ created 30', [30]],
    ['one that was created again at a higher value', '20x3 created 50 50', [50]],
    ['one that was created twice', '_x2 created 10 created 10x2', [20]],
  ])('counts %s as Prometheus does', (_, values, increases) => {
    const { alerts } = testRules({
      rules: [ruleOf({ aggregate: 'increase', windowMs: 5 * MINUTE, operator: '>', threshold: 0 })],
      series: { ...good, [failing]: values },
      at: '75s',
    });
    // What was there before shows less than the window: it is extended by half an interval.
    expect(alerts.map(({ value }) => Math.floor(value / 10) * 10)).toEqual(increases);
  });

  it.each([
    ['_x5 created 20', '_x4 0 20'],
    ['_x5 created 20+3x4', '_x4 0 20+3x4'],
    ['_x3 created 7x2', '_x2 0 7x2'],
  ])('reads %s as the series that promtool writes as %s', (created, promtool) => {
    const valuesOf = (values: string) =>
      ['60s', '75s', '90s', '2m'].map((at) => {
        const rate = { aggregate: 'rate', windowMs: MINUTE, operator: '>=', threshold: 0 };
        return testRules({ rules: [ruleOf(rate)], series: { [failing]: values }, at }).alerts.map(
          ({ value }) => value,
        );
      });
    expect(valuesOf(created).slice(1)).toEqual(valuesOf(promtool).slice(1));
  });

  it('reads the creation of a histogram from that of its parts', () => {
    const series = {
      'request_seconds_bucket{le="0.1"}': '_x5 created 0',
      'request_seconds_bucket{le="+Inf"}': '_x5 created 8',
      request_seconds_count: '_x5 created 8',
      request_seconds_sum: '_x5 created 4',
    };
    const rule = {
      name: 'slow',
      severity: 'warning',
      message: '',
      condition: {
        metric: 'request_seconds',
        aggregate: 'avg',
        windowMs: MINUTE,
        operator: '>',
        threshold: 0.1,
      },
    } satisfies AlertRule;
    testRules({ rules: [rule], series, at: '75s', expect: [{ rule: 'slow', value: 0.5 }] });
  });

  it.each(['created', 'created _ 5', '1 created stale'])(
    'rejects a creation mark without a value: %s',
    (values) => {
      expect(() => testRules({ rules: [highErrorRate], series: { [failing]: values }, at: 0 })).toThrow(
        /a number after each `created`/,
      );
    },
  );
});

describe.each(ADAPTERS)('a fresh application on %s', (adapter) => {
  let running: RunningApp | undefined;

  afterEach(async () => {
    await running?.close();
    running = undefined;
  });

  it.each([
    ['after a few good requests', 5, 80],
    ['with its very first requests', 0, 100],
  ])('fires high_error_rate for twenty errors %s', async (_, good, percent) => {
    const options: MonitoringOptions = { alerting: { rules: [highErrorRate] } };
    running = await startApp(adapter, FixtureModule.with(options));
    const { app } = running;
    await running.firstSample();
    for (let i = 0; i < good; i++) await running.get('/ok');
    for (let i = 0; i < 20; i++) expect((await running.get('/broken')).status).toBe(500);
    await running.recorded(good + 20);
    await app.get(HistorySampler).sampleNow();
    expect(app.get(PerformanceMonitor).getStatus().metrics.error_rate_percent).toBeCloseTo(percent, 6);
    const alerting = app.get(AlertingMonitor);
    // The next evaluation, without waiting for it.
    alerting.evaluate(app.get(MetricsHistory).lastSample!);
    expect(alerting.alerts()).toContainEqual(
      expect.objectContaining({ rule: 'high_error_rate', state: 'firing' }),
    );
    const vitals = JSON.parse((await running.get('/metrics-dashboard/api/overview')).body) as {
      vitals: { name: string; value?: number }[];
    };
    expect(vitals.vitals.find(({ name }) => name === 'error_rate_percent')?.value).toBeCloseTo(percent, 6);
  });
});
