import { describe, expect, it } from '@jest/globals';
import type { MetricsRegistry } from 'nestjs-monitoring';
import { resolveHttp } from '../../../lib/instrumentation/http/http.options.js';
import { RequestSeries } from '../../../lib/instrumentation/http/request-series.js';
import { scalars, testRegistry } from '../../metrics/support.js';

const LABELS = { method: 'GET', route: '/orders', status_code: '200' };

function seriesIn(registry: MetricsRegistry) {
  const options = resolveHttp();
  if (options === false) throw new Error('no options');
  const series = new RequestSeries(registry, options);
  const method = series.ofMethod('GET');
  const route = series.ofRoute(method, LABELS.route);
  if (route === undefined) throw new Error('no route');
  return { series, method, request: (seconds = 0.01) => series.recordRequest(route, 200, seconds) };
}

function metricsOf(registry: MetricsRegistry) {
  const labelNames = ['method', 'route', 'status_code'] as const;
  return {
    requests: registry.counter('http_requests_total', undefined, { labelNames }),
    seconds: registry.histogram('http_request_duration_seconds', undefined, { labelNames }),
    inProgress: registry.gauge('http_requests_in_progress', undefined, { labelNames: ['method'] }),
  };
}

describe('samples of requests that are held back', () => {
  it('are in every value that is read', () => {
    const { registry } = testRegistry();
    const { request, method } = seriesIn(registry);
    const { requests, seconds, inProgress } = metricsOf(registry);
    const bound = seconds.labels(LABELS);
    request(0.1);
    expect(requests.value(LABELS)).toBe(1);
    request(0.2);
    expect(seconds.count(LABELS)).toBe(2);
    request(0.3);
    expect(bound.count()).toBe(3);
    request(0.4);
    expect(bound.percentile(1)).toBe(0.4);
    request(0.5);
    expect(seconds.percentile(1)).toBe(0.5);
    expect(seconds.sum(LABELS)).toBeCloseTo(1.5);
    method.inProgress.begin();
    method.inProgress.begin();
    expect(inProgress.value({ method: 'GET' })).toBe(2);
    method.inProgress.end();
    expect(inProgress.labels({ method: 'GET' }).value()).toBe(1);
  });

  it('are in a snapshot without a collection', () => {
    const { registry } = testRegistry();
    const { request } = seriesIn(registry);
    request();
    expect(scalars(registry, 'http_requests_total')).toEqual([expect.objectContaining({ value: 1 })]);
  });

  it('are all counted, even if nobody reads them for a long time', () => {
    const { registry } = testRegistry();
    const { request } = seriesIn(registry);
    for (let i = 0; i < 1_000; i++) request(i / 1_000);
    const { requests, seconds } = metricsOf(registry);
    expect(requests.value(LABELS)).toBe(1_000);
    expect(seconds.count(LABELS)).toBe(1_000);
    expect(seconds.percentile(1)).toBe(0.999);
  });

  it('do not outlive a reset', () => {
    const { registry } = testRegistry();
    const { request } = seriesIn(registry);
    const { requests, seconds } = metricsOf(registry);
    request();
    requests.reset();
    seconds.remove(LABELS);
    expect(requests.value(LABELS)).toBe(0);
    expect(seconds.count(LABELS)).toBe(0);
    request();
    expect(requests.value(LABELS)).toBe(1);
    expect(seconds.count(LABELS)).toBe(1);
  });

  it('leave the number of requests in progress right when a reset comes in between', () => {
    const { registry } = testRegistry();
    const { method } = seriesIn(registry);
    const { inProgress } = metricsOf(registry);
    const value = () => inProgress.value({ method: 'GET' });
    method.inProgress.begin();
    method.inProgress.begin();
    registry.resetAll();
    expect(value()).toBe(2);
    method.inProgress.end();
    inProgress.remove({ method: 'GET' });
    expect(value()).toBe(1);
    registry.resetAll();
    method.inProgress.end();
    expect(value()).toBe(0);
  });

  it('of several applications on one registry are added up', () => {
    const { registry } = testRegistry();
    const first = seriesIn(registry);
    const second = seriesIn(registry);
    const { requests, inProgress } = metricsOf(registry);
    first.request();
    second.request();
    first.method.inProgress.begin();
    second.method.inProgress.begin();
    expect(requests.value(LABELS)).toBe(2);
    expect(inProgress.value({ method: 'GET' })).toBe(2);
  });

  it('are written when the application stops, and later ones at once', () => {
    const { registry } = testRegistry();
    const { series, method, request } = seriesIn(registry);
    const { requests, inProgress } = metricsOf(registry);
    method.inProgress.begin();
    request();
    series.release();
    expect(requests.value(LABELS)).toBe(1);
    expect(inProgress.value({ method: 'GET' })).toBe(1);
    method.inProgress.end();
    request();
    expect(requests.value(LABELS)).toBe(2);
    expect(inProgress.value({ method: 'GET' })).toBe(0);
  });
});
