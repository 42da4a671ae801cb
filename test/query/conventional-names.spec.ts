import { describe, expect, it } from '@jest/globals';
import { conventionOfAll, conventionsOptedIn } from '../../lib/metrics/conventions/conventions.js';
import { ConventionalNames } from '../../lib/query/conventional-names.js';
import type { Expression, Selection } from '../../lib/query/expression.js';
import { promqlOf } from '../../lib/query/promql.js';
import { suggestedQueries } from '../../lib/query/suggested-promql.js';

const OTEL = new ConventionalNames(conventionOfAll('otel'));

function rateOf(of: Selection): Expression {
  return { kind: 'range', name: 'rate', of, windowMs: 300_000 };
}

function queryOf(of: Selection, names = OTEL): string {
  return promqlOf(names.translate(rateOf(of)));
}

describe('a query over our metrics', () => {
  it.each<[string, Selection, string]>([
    [
      'a counter of requests is the count of the histogram',
      { metric: 'http_requests_total', labels: { status_code: /5../ } },
      'http_server_request_duration_seconds_count{http_response_status_code=~"5.."}',
    ],
    [
      'values of labels become those of attributes',
      { metric: 'http_requests_total', labels: { method: ['GET', 'OTHER'], route: { not: '<unmatched>' } } },
      'http_server_request_duration_seconds_count{http_request_method=~"GET|_OTHER", http_route!=""}',
    ],
    [
      'a host becomes an address and a port',
      { metric: 'http_client_request_duration_seconds', labels: { host: 'api:8080' }, part: 'sum' },
      'http_client_request_duration_seconds_sum{server_address="api", server_port="8080"}',
    ],
    [
      'a host without a port is an address',
      { metric: 'http_client_requests_total', labels: { host: 'api', status_code: 'error' } },
      'http_client_request_duration_seconds_count{server_address="api", http_response_status_code=""}',
    ],
    [
      'errors are the operations with one',
      { metric: 'db_client_operation_errors_total', labels: { operation: 'insert' } },
      'db_client_operation_duration_seconds_count{error_type!="", db_operation_name="INSERT"}',
    ],
    [
      'commands of Redis are operations of it',
      { metric: 'redis_client_command_duration_seconds', labels: { command: 'get' }, part: 'count' },
      'db_client_operation_duration_seconds_count{db_system_name="redis", db_operation_name="GET"}',
    ],
    [
      'a mode of the CPU is an attribute',
      { metric: 'process_cpu_user_seconds_total', labels: {} },
      'process_cpu_time_seconds_total{cpu_mode="user"}',
    ],
    [
      'a bucket stays one',
      { metric: 'http_request_duration_seconds', labels: {}, part: { upTo: 0.5 } },
      'http_server_request_duration_seconds_bucket{le="0.5"}',
    ],
    [
      'a metric without a semantic name has their labels',
      { metric: 'http_slow_requests_total', labels: { route: '/' } },
      'http_slow_requests_total{http_route="/"}',
    ],
    [
      'a metric of the application stays',
      { metric: 'orders_total', labels: { method: 'OTHER' } },
      'orders_total{method="OTHER"}',
    ],
    [
      'the start of the process stays',
      { metric: 'process_start_time_seconds', labels: {} },
      'process_start_time_seconds',
    ],
  ])('%s', (_, selection, expected) => {
    expect(queryOf(selection)).toBe(`rate(${expected}[5m])`);
  });

  it('groups by attributes', () => {
    const rate: Expression = {
      kind: 'merge',
      name: 'sum',
      by: ['method', 'team'],
      of: rateOf({ metric: 'http_requests_total', labels: {} }),
    };
    const quantile: Expression = {
      kind: 'quantile',
      q: 0.9,
      of: { metric: 'http_request_duration_seconds', labels: {} },
      windowMs: 60_000,
      by: ['route'],
    };
    const both: Expression = {
      kind: 'and',
      left: { kind: 'compare', operator: '>', left: rate, threshold: 1 },
      right: { kind: 'absent', of: quantile },
    };
    expect(promqlOf(OTEL.translate(both))).toBe(
      '(sum by (http_request_method, team) (rate(http_server_request_duration_seconds_count[5m])) > 1) and absent(sum(histogram_quantile(0.9, sum by (le, http_route) (rate(http_server_request_duration_seconds_bucket[1m])))))',
    );
    expect(OTEL.labelIn(both)('method')).toBe('http_request_method');
    expect(OTEL.labelIn(both)('team')).toBe('team');
  });

  it.each([conventionOfAll('prometheus'), conventionOfAll('both'), conventionsOptedIn('database')])(
    'stays the same while ours are exposed: %j',
    (conventions) => {
      const selection = { metric: 'http_requests_total', labels: { method: 'OTHER' } };
      expect(queryOf(selection, new ConventionalNames(conventions))).toBe(
        'rate(http_requests_total{method="OTHER"}[5m])',
      );
    },
  );
});

describe('the queries that the dashboard suggests', () => {
  const family = {
    name: 'http_requests_total',
    type: 'counter',
    labelNames: ['method', 'route', 'status_code'],
  } as const;

  it('have the names of the metrics endpoint', () => {
    expect(suggestedQueries(family, { route: 'a"b' }, OTEL)[0]).toBe(
      'sum by (http_request_method, http_response_status_code) (rate(http_server_request_duration_seconds_count{http_route="a\\"b"}[5m]))',
    );
    expect(suggestedQueries(family, {})[0]).toBe(
      'sum by (method, route, status_code) (rate(http_requests_total[5m]))',
    );
  });

  it('leave out labels that are not exposed', () => {
    const detailed = {
      name: 'db_client_operation_duration_seconds',
      type: 'histogram',
      labelNames: ['system', 'operation', 'table', 'error'],
    } as const;
    expect(suggestedQueries(detailed, {})[1]).toContain('sum by (system, operation, table) (');
    expect(suggestedQueries(detailed, {}, OTEL)[1]).toContain(
      'sum by (db_system_name, db_operation_name, db_collection_name) (',
    );
  });
});
