import { describe, expect, it } from '@jest/globals';
import { isLibraryMetric } from '../../../lib/dashboard/views/library-metrics.js';

describe('the metrics of the library', () => {
  it.each([
    'api_requests_per_second',
    'cache_hits_total',
    'graphql_errors_total',
    'handler_errors_total',
    'http_requests_total',
    'nodejs_eventloop_lag_p99_seconds',
    'process_cpu_seconds_total',
    'system_load15',
    'monitoring_alerts',
  ])('include %s', (name) => {
    expect(isLibraryMetric(name)).toBe(true);
  });

  it.each([
    'api_keys_issued_total',
    'cache_warmups_total',
    'graphql_clients',
    'http_uploads_total',
    'process_order_duration_seconds',
    'system_invoices_total',
    'redis_locks_held',
  ])('do not include %s of an application', (name) => {
    expect(isLibraryMetric(name)).toBe(false);
  });
});
