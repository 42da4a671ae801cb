import { describe, expect, it } from '@jest/globals';
import { type FleetQuestion, promqlOfQuestion } from '../../../lib/dashboard/fleet/fleet-question.js';
import { conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import { ConventionalNames } from '../../../lib/query/conventional-names.js';
import { matchersOf } from '../../../lib/query/label-matchers.js';

const REQUESTS = { metric: 'http_requests_total', type: 'counter' } as const;
const DURATION = { metric: 'http_request_duration_seconds', type: 'histogram' } as const;
const GAUGE = { metric: 'level', type: 'gauge' } as const;

function promql(
  question: Pick<FleetQuestion, 'metric' | 'type' | 'statistic'> & Partial<FleetQuestion>,
  convention: 'prometheus' | 'otel' = 'prometheus',
): string {
  const base = { aggregate: undefined, windowMs: 60_000, labels: {}, groupBy: [] };
  return promqlOfQuestion(
    { ...base, ...question },
    {
      names: new ConventionalNames(conventionOfAll(convention)),
      instanceLabel: 'pod',
      matchers: matchersOf({ job: ['a.b', 'c'], zone: { not: /eu-.*/ } }),
    },
  );
}

const M = String.raw`job=~"a\\.b|c", zone!~"eu-.*"`;

describe('a question about all instances', () => {
  it.each([
    ['a rate', { ...REQUESTS, statistic: 'rate' }, `sum by () (rate(http_requests_total{${M}}[1m]))`],
    [
      'the average of a rate',
      { ...REQUESTS, statistic: 'rate', across: 'avg' },
      `avg by () (sum by (pod) (rate(http_requests_total{${M}}[1m])))`,
    ],
    [
      'an increase by label',
      { ...REQUESTS, statistic: 'increase', groupBy: ['route'], labels: { status_code: /5../ } },
      `sum by (route) (increase(http_requests_total{status_code=~"5..", ${M}}[1m]))`,
    ],
    [
      'the rate of a histogram',
      { ...DURATION, statistic: 'rate' },
      `sum by () (rate(http_request_duration_seconds_count{${M}}[1m]))`,
    ],
    [
      'the rate of its sum',
      { ...DURATION, statistic: 'rate of the sum' },
      `sum by () (rate(http_request_duration_seconds_sum{${M}}[1m]))`,
    ],
    [
      'its average',
      { ...DURATION, statistic: 'average' },
      `sum by () (rate(http_request_duration_seconds_sum{${M}}[1m])) / sum by () (rate(http_request_duration_seconds_count{${M}}[1m]))`,
    ],
    [
      'its average over all observations, although rates are averaged',
      { ...DURATION, statistic: 'average', across: 'avg' },
      `sum by () (rate(http_request_duration_seconds_sum{${M}}[1m])) / sum by () (rate(http_request_duration_seconds_count{${M}}[1m]))`,
    ],
    [
      'a percentile',
      { ...DURATION, statistic: { quantile: 0.95 }, groupBy: ['route', 'pod'] },
      `histogram_quantile(0.95, sum by (le, route, pod) (rate(http_request_duration_seconds_bucket{${M}}[1m])))`,
    ],
    ['a gauge', { ...GAUGE, statistic: 'value' }, `sum by () (level{${M}})`],
    [
      'a gauge of which the worst counts',
      { ...GAUGE, statistic: 'value', aggregate: 'max', groupBy: ['kind'] },
      `max by (kind) (sum by (kind, pod) (level{${M}}))`,
    ],
    [
      'a gauge of the machine',
      { ...GAUGE, statistic: 'value', aggregate: 'shared' },
      `avg by () (sum by (pod) (level{${M}}))`,
    ],
    ['a gauge over time', { ...GAUGE, statistic: 'average' }, `avg by () (avg_over_time(level{${M}}[1m]))`],
  ] as const)('is in PromQL: %s', (_, question, expected) => {
    expect(promql(question)).toBe(expected);
  });

  it('uses the names and labels of the conventions of OpenTelemetry', () => {
    const question = {
      ...REQUESTS,
      statistic: 'rate',
      groupBy: ['method', 'route'],
      labels: { status_code: /5../ },
    } as const;
    expect(promql(question, 'otel')).toBe(
      `sum by (http_request_method, http_route) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"5..", ${M}}[1m]))`,
    );
  });

  it('quotes any value of a label', () => {
    const hostile = 'a"} or vector(1) #\\\n';
    expect(promql({ ...GAUGE, statistic: 'value', labels: { kind: hostile } })).toBe(
      `sum by () (level{kind=${JSON.stringify(hostile)}, ${M}})`,
    );
  });
});
