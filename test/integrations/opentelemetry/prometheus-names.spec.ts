import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { labelsOfAttributes } from '../../../lib/integrations/opentelemetry/attribute-labels.js';
import type { InstrumentKind } from '../../../lib/integrations/opentelemetry/instrument.js';
import { metricNameOf, semanticNames } from '../../../lib/integrations/opentelemetry/prometheus-names.js';
import { conventionOfAll, conventionsOptedIn } from '../../../lib/metrics/conventions/conventions.js';
import { anyText } from '../../support/any-text.js';

describe('the name of a metric', () => {
  // The examples of the translation from OpenTelemetry to Prometheus, and what their rules make of others.
  it.each<readonly [InstrumentKind, string, string, string | undefined]>([
    ['histogram', 'http.server.request.duration', 's', 'http_server_request_duration_seconds'],
    ['counter', 'orders', '', 'orders_total'],
    ['counter', 'orders_total', '', 'orders_total'],
    ['counter', 'orders.total', '', 'orders_total'],
    ['counter', 'network.sent', 'By', 'network_sent_bytes_total'],
    ['counter', 'network.sent_bytes_total', 'By', 'network_sent_bytes_total'],
    ['counter', 'network.dropped', '{packet}', 'network_dropped_total'],
    ['upDownCounter', 'pool.usage', '{connection}', 'pool_usage'],
    ['gauge', 'memory.utilization', '1', 'memory_utilization_ratio'],
    ['observableGauge', 'memory.utilization', '1', 'memory_utilization_ratio'],
    ['counter', 'memory.pages', '1', 'memory_pages_total'],
    ['upDownCounter', 'memory.pages', '1', 'memory_pages'],
    ['gauge', 'cpu.load', '%', 'cpu_load_percent'],
    ['gauge', 'disk.read', 'By/s', 'disk_read_bytes_per_second'],
    ['gauge', 'requests', '{request}/min', 'requests_per_min'],
    ['gauge', 'requests', '{request}/s', 'requests_per_second'],
    ['gauge', 'seconds_before_start', 's', 'seconds_before_start_seconds'],
    ['gauge', 'odd', 'foo-bar', 'odd_foo_bar'],
    ['gauge', 'odd', '{a}{b}', 'odd'],
    ['gauge', 'odd', '{unclosed', 'odd_unclosed'],
    ['gauge', 'odd', ' / ', 'odd'],
    ['gauge', '1st.of/many--things', '', '_1st_of_many_things'],
    ['gauge', 'größe', '', 'gr_e'],
    ['gauge', '__', '', undefined],
    ['gauge', '', 's', undefined],
    // Names of metrics of this library.
    ['histogram', 'http.client.request.duration', 's', 'otel_http_client_request_duration_seconds'],
    ['gauge', 'nodejs.eventloop.utilization', '1', 'otel_nodejs_eventloop_utilization_ratio'],
    ['gauge', 'http.requests', '', 'otel_http_requests'],
    ['gauge', 'http.request.duration.seconds.count', '', 'otel_http_request_duration_seconds_count'],
  ])('of a %s `%s` in `%s` is %s', (kind, name, unit, expected) => {
    expect(metricNameOf({ name, unit, kind }, true)).toBe(expected);
  });

  it('has no unit if it is that of the exporter of the SDK', () => {
    expect(metricNameOf({ name: 'request.duration', unit: 's', kind: 'histogram' }, false)).toBe(
      'request_duration',
    );
    expect(metricNameOf({ name: 'sent', unit: 'By', kind: 'counter' }, false)).toBe('sent_total');
  });

  it('has a prefix where a metric of this library has the name by the conventions that are switched on', () => {
    const duration = { name: 'http.server.request.duration', unit: 's', kind: 'histogram' } as const;
    const uptime = { name: 'process.uptime', unit: 's', kind: 'gauge' } as const;
    const namesBy = (taken: ReadonlySet<string>) =>
      [duration, uptime].map((each) => metricNameOf(each, true, taken));
    const own = ['http_server_request_duration_seconds', 'process_uptime_seconds'];
    const prefixed = own.map((name) => `otel_${name}`);
    expect(namesBy(semanticNames(conventionOfAll('prometheus')))).toEqual(own);
    expect(namesBy(semanticNames(conventionOfAll('otel')))).toEqual(prefixed);
    expect(namesBy(semanticNames(conventionOfAll('both')))).toEqual(prefixed);
    expect(namesBy(semanticNames(conventionsOptedIn('http')))).toEqual([prefixed[0], own[1]]);
    const target = { name: 'target.info', unit: '', kind: 'gauge' } as const;
    expect(metricNameOf(target, true, semanticNames(conventionOfAll('otel')))).toBe('otel_target_info');
    expect(metricNameOf(target, true)).toBe('target_info');
  });

  it('is valid, whatever the instrument is called', () => {
    fc.assert(
      fc.property(anyText(), anyText(), (name, unit) => {
        const metric = metricNameOf({ name, unit, kind: 'counter' }, true);
        expect(metric ?? 'none').toMatch(/^[a-zA-Z_][a-zA-Z0-9_]*$/);
      }),
    );
  });
});

describe('the labels of attributes', () => {
  it('are joined where their names are the same in Prometheus, in the order of the attributes', () => {
    expect(labelsOfAttributes({ 'a.b': 'x', 'a/b': 'y', a_b: 'z', empty: '' }, 'counter')).toEqual({
      a_b: 'x;y;z',
    });
  });

  it('have valid names and are not empty, whatever the attributes are', () => {
    fc.assert(
      fc.property(fc.dictionary(anyText(), fc.anything()), (attributes) => {
        let labels: Record<string, string> = {};
        try {
          labels = labelsOfAttributes(attributes, 'gauge');
        } catch {
          // A value that cannot be converted is dropped by the recorder.
        }
        for (const [name, value] of Object.entries(labels)) {
          expect(name).toMatch(/^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/);
          expect(['le', 'quantile', 'monitoring_overflow', 'worker']).not.toContain(name);
          expect(value).not.toBe('');
        }
      }),
    );
  });
});
