import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MetricsRegistry } from 'nestjs-monitoring';
import { OtlpExporter, type OtlpExporterOptions } from 'nestjs-monitoring/exporters';
import { resolveOtlp } from '../../../lib/exporters/otlp/otlp.options.js';
import { testRegistry } from '../../metrics/support.js';
import { OtlpServer, type TakenPoint } from './otlp.server.js';

let server: OtlpServer;
beforeEach(async () => void (server = await new OtlpServer().start()));
afterEach(() => server.stop());

function recorded(): MetricsRegistry {
  const { registry } = testRegistry({ defaultLabels: { team: 'a', error_type: 'mine' } });
  registry
    .histogram('http_request_duration_seconds', 'Requests.', {
      labelNames: ['method', 'route', 'status_code'],
      buckets: [1],
    })
    .observe({ method: 'OTHER', route: '/', status_code: '503' }, 0.5);
  registry
    .counter('http_requests_total', 'Requests.', { labelNames: ['method', 'route', 'status_code'] })
    .inc({ method: 'OTHER', route: '/', status_code: '503' });
  registry
    .gauge('http_requests_in_progress', 'In progress.', { labelNames: ['method'] })
    .set({ method: 'GET' }, 3);
  registry.gauge('nodejs_eventloop_utilization_ratio', 'Busy.').set(0.5);
  registry.counter('http_server_orders_total', 'Of the application.', { labelNames: ['method'] }).inc({
    method: 'OTHER',
  });
  return registry;
}

async function taken(options: Partial<OtlpExporterOptions> = {}): Promise<Map<string, TakenPoint>> {
  const exporter = new OtlpExporter(recorded(), { url: `${server.url}/v1/metrics`, ...options });
  await exporter.exportAll();
  expect(server.refusals).toEqual([]);
  return new Map(server.taken.map((point) => [point.metric, point]));
}

describe('the names that a collector receives', () => {
  it.each(['cumulative', 'delta'] as const)(
    'are those of the semantic conventions: %s',
    async (temporality) => {
      const points = await taken({ temporality });
      expect([...points.keys()].filter((name) => !name.startsWith('monitoring_'))).toEqual([
        'http.server.request.duration',
        'http.server.active_requests',
        'nodejs.eventloop.utilization',
        'http_server_orders_total',
      ]);
      expect(points.get('http.server.request.duration')).toMatchObject({
        kind: 'histogram',
        unit: 's',
        count: 1,
        sum: 0.5,
        attributes: {
          team: 'a',
          'http.request.method': '_OTHER',
          'url.scheme': 'http',
          'http.route': '/',
          // A number in the conventions.
          'http.response.status_code': 503,
          'error.type': '503',
        },
      });
      expect(points.get('http.server.active_requests')).toMatchObject({
        kind: 'sum',
        upAndDown: true,
        temporality: 'cumulative',
        unit: '{request}',
        value: 3,
      });
      expect(points.get('nodejs.eventloop.utilization')).toMatchObject({
        kind: 'gauge',
        unit: '1',
        value: 0.5,
      });
      // A metric of the application is never renamed.
      expect(points.get('http_server_orders_total')).toMatchObject({
        attributes: { team: 'a', error_type: 'mine', method: 'OTHER' },
      });
    },
  );

  it('are those of the metrics endpoint, if asked for', async () => {
    const points = await taken({ conventions: 'prometheus' });
    expect(points.get('http_request_duration_seconds')).toMatchObject({
      unit: 's',
      attributes: { method: 'OTHER', route: '/', status_code: '503' },
    });
    expect(points.has('http_requests_total')).toBe(true);
  });

  it.each([
    ['http_requests_total'],
    ['http_request_duration_seconds'],
    ['http.server.request.duration'],
    [/^http_server_request/],
  ])('are filtered by either name: %s', async (filter) => {
    const points = await taken({ metrics: [filter] });
    expect([...points.keys()]).toEqual(['http.server.request.duration']);
  });

  it('must be a convention', () => {
    expect(() => resolveOtlp('exporters.otlp', { conventions: 'both' as never }, {})).toThrow(
      '`exporters.otlp.conventions` must be otel or prometheus; got the string "both"',
    );
  });
});
