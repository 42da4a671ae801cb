import { describe, expect, it } from '@jest/globals';
import { FleetQueries } from '../../../lib/dashboard/fleet/fleet-queries.js';
import { FIGURE_NAMES, MIN_INSTANCES } from '../../../lib/dashboard/fleet/outliers.js';
import { conventionOfAll } from '../../../lib/metrics/conventions/conventions.js';
import { LIBRARY_METRIC_NAMES } from '../../../lib/metrics/library-metric-names.js';
import { ConventionalNames } from '../../../lib/query/conventional-names.js';
import { type LabelMatchers, matchersOf } from '../../../lib/query/label-matchers.js';
import { VITAL_NAMES } from '../../../lib/query/vital-definitions.js';
import { expectThat } from '../../support/expectations.js';

function queriesOf(
  matchers: LabelMatchers = { job: 'shop' },
  convention: 'prometheus' | 'otel' = 'prometheus',
) {
  const names = new ConventionalNames(conventionOfAll(convention));
  return new FleetQueries({ names, instanceLabel: 'pod', matchers: matchersOf(matchers) }, 300_000);
}

/** Returns all queries of a report. */
function allOf(queries: FleetQueries): string[] {
  return [
    queries.started,
    queries.states,
    queries.infos('application_build_info'),
    queries.slowRoutes,
    queries.slowRouteRatios,
    ...FIGURE_NAMES.map((name) => queries.figure(name)),
    ...VITAL_NAMES.map((name) => queries.vital(name)),
  ];
}

describe('the queries of the report about a fleet', () => {
  it('ask for the instances that were scraped lately, and whether they answer', () => {
    const { started, states } = queriesOf();
    expect(started).toBe('process_start_time_seconds{job="shop"}');
    expect(states).toBe('up and on (job, pod) last_over_time(process_start_time_seconds{job="shop"}[1h])');
  });

  it('ask for each figure by instance', () => {
    const all = 'sum by (job, pod) (rate(http_requests_total{job="shop"}[5m]))';
    const failed = 'sum by (job, pod) (rate(http_requests_total{status_code=~"5..", job="shop"}[5m]))';
    const queries = queriesOf();
    expect(Object.fromEntries(FIGURE_NAMES.map((name) => [name, queries.figure(name)]))).toEqual({
      requestsPerSecond: all,
      // Of an instance on which nothing fails there is no series of failures.
      errorPercent: `100 * (${failed} or 0 * ${all}) / ${all}`,
      p99Seconds:
        'histogram_quantile(0.99, sum by (le, job, pod) (rate(http_request_duration_seconds_bucket{job="shop"}[5m])))',
      cpuPercent: '100 * sum by (job, pod) (rate(process_cpu_seconds_total{job="shop"}[5m]))',
      memoryBytes: 'sum by (job, pod) (process_resident_memory_bytes{job="shop"})',
      lagSeconds: 'sum by (job, pod) (nodejs_eventloop_lag_p99_seconds{job="shop"})',
    });
  });

  it('compare a route on an instance with the median of those that serve it often enough', () => {
    const p99 =
      'histogram_quantile(0.99, sum by (le, method, route, job, pod) (rate(http_request_duration_seconds_bucket{job="shop"}[5m])))';
    const count =
      'sum by (method, route, job, pod) (increase(http_request_duration_seconds_count{job="shop"}[5m]))';
    const busy = `(${p99} and ${count} >= 20)`;
    const median = `(quantile by (method, route) (0.5, ${busy}) and count by (method, route) ${busy} >= ${MIN_INSTANCES})`;
    const ratios = `topk(10, ${busy} / on (method, route) group_left () ${median} >= 2)`;
    const { slowRoutes, slowRouteRatios } = queriesOf();
    expect(slowRouteRatios).toBe(ratios);
    expect(slowRoutes).toBe(`${p99} and on (method, route, job, pod) ${ratios}`);
  });

  it('have the names of the conventions that the application exports', () => {
    const { slowRoutes, slowRouteRatios } = queriesOf({}, 'otel');
    for (const query of [slowRoutes, slowRouteRatios]) {
      expect(query).toContain('on (http_request_method, http_route)');
      expect(query).toContain('http_server_request_duration_seconds_bucket');
      expect(query).not.toMatch(/\broute\b|\bmethod\b|http_request_duration/);
    }
  });

  it.each<[string, LabelMatchers, string]>([
    ['a service', { service: 'shop' }, 'service="shop"'],
    ['a text that could end the selector', { team: 'a"} or up{\\\n' }, String.raw`team="a\"} or up{\\\n"`],
    ['alternatives', { zone: ['a.b', 'c'] }, String.raw`zone=~"a\\.b|c"`],
  ])('are about nothing but the application: %s', (_, matchers, expected) => {
    const unlimited = allOf(queriesOf({}));
    for (const [i, query] of allOf(queriesOf(matchers)).entries()) {
      // Of the states, `up` is limited by what it is matched with.
      const metrics = (unlimited[i]!.match(/[a-z]\w*/g) ?? []).filter(isMetric);
      expect(metrics.length).toBeGreaterThan(0);
      expectThat(query.split(expected).length - 1, query).toBe(metrics.length);
    }
  });
});

function isMetric(word: string): boolean {
  return LIBRARY_METRIC_NAMES.has(word) || LIBRARY_METRIC_NAMES.has(word.replace(/_(bucket|count|sum)$/, ''));
}
