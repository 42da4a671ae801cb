import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import * as fc from 'fast-check';
import {
  attributesOf,
  prometheusName,
  prometheusType,
  type SemanticMetric,
} from '../../../lib/metrics/conventions/semantic-metric.js';
import {
  DETAILED_METRICS,
  RELABELED_METRICS,
  SEMANTIC_METRICS,
} from '../../../lib/metrics/conventions/semantic-metrics.js';
import { conventionsOptedIn } from '../../../lib/metrics/conventions/conventions.js';
import { boundsFor } from '../../../lib/metrics/conventions/semantic-recording.js';
import { LIBRARY_METRIC_NAMES } from '../../../lib/metrics/library-metric-names.js';
import { claimedNames } from '../../../lib/metrics/naming-rules.js';

type Constants = Readonly<Record<string, unknown>>;

/** Returns the constant of the package with a value. */
function constantOf(constants: Constants, prefix: string, value: string): string | undefined {
  return Object.keys(constants).find((name) => name.startsWith(prefix) && constants[name] === value);
}

/** The declarations of the package, whose comments say what is deprecated. */
const folder = dirname(createRequire(import.meta.url).resolve('@opentelemetry/semantic-conventions'));
const declarations = [
  'stable_metrics',
  'experimental_metrics',
  'stable_attributes',
  'experimental_attributes',
]
  .map((file) => readFileSync(join(folder, `${file}.d.mts`), 'utf8'))
  .join('\n');

function isDeprecated(constant: string): boolean {
  const at = declarations.indexOf(`declare const ${constant}:`);
  expect(at).toBeGreaterThan(0);
  const comment = declarations.slice(declarations.lastIndexOf('/**', at), at);
  return comment.includes('@deprecated');
}

const named: [string, SemanticMetric][] = SEMANTIC_METRICS.map((metric) => [metric.name, metric]);

describe('the semantic metrics', () => {
  it.each(named)('%s is a name of the conventions that is not deprecated', (name) => {
    const constant = constantOf(incubating, 'METRIC_', name);
    expect(constant).toBeDefined();
    expect(isDeprecated(constant!)).toBe(false);
  });

  it.each(named)('%s has attributes of the conventions', (_, metric) => {
    for (const { name } of attributesOf(metric)) {
      const constant = constantOf(incubating, 'ATTR_', name);
      expect([name, constant]).toEqual([name, expect.any(String)]);
      expect(isDeprecated(constant!)).toBe(false);
    }
  });

  it('are stable where documents say so', () => {
    const isStable = ({ name }: SemanticMetric) => constantOf(stable, 'METRIC_', name) !== undefined;
    expect(SEMANTIC_METRICS.filter(isStable).map(({ name }) => name)).toEqual([
      'http.server.request.duration',
      'http.client.request.duration',
      'db.client.operation.duration',
      'rpc.server.call.duration',
    ]);
  });

  it('have the names, types and labels of Prometheus', () => {
    const lines = SEMANTIC_METRICS.map((metric) => {
      const attributes = attributesOf(metric).map(({ name }) => name.replaceAll('.', '_'));
      return `${prometheusName(metric)} ${prometheusType(metric)} ${attributes.join(' ')}`.trim();
    });
    expect(lines).toMatchInlineSnapshot(`
     [
       "http_server_request_duration_seconds histogram http_request_method url_scheme http_route http_response_status_code error_type",
       "http_server_active_requests gauge http_request_method url_scheme",
       "http_client_request_duration_seconds histogram http_request_method server_address server_port http_response_status_code error_type",
       "db_client_operation_duration_seconds histogram db_system_name db_operation_name db_collection_name db_response_status_code error_type",
       "db_client_connection_count gauge db_client_connection_pool_name db_client_connection_state",
       "db_client_connection_limit gauge db_client_connection_pool_name",
       "db_client_connection_pending_requests gauge db_client_connection_pool_name",
       "db_client_connection_wait_time_seconds histogram db_client_connection_pool_name",
       "rpc_server_call_duration_seconds histogram rpc_system_name rpc_method error_type",
       "process_cpu_time_seconds_total counter cpu_mode",
       "process_memory_usage_bytes gauge",
       "process_memory_virtual_bytes gauge",
       "process_thread_count gauge",
       "process_unix_file_descriptor_count gauge",
       "process_uptime_seconds gauge",
       "nodejs_eventloop_delay_min_seconds gauge",
       "nodejs_eventloop_delay_max_seconds gauge",
       "nodejs_eventloop_delay_mean_seconds gauge",
       "nodejs_eventloop_delay_stddev_seconds gauge",
       "nodejs_eventloop_delay_p50_seconds gauge",
       "nodejs_eventloop_delay_p90_seconds gauge",
       "nodejs_eventloop_delay_p99_seconds gauge",
       "nodejs_eventloop_time_seconds_total counter nodejs_eventloop_state",
       "nodejs_eventloop_utilization_ratio gauge",
       "v8js_gc_duration_seconds histogram v8js_gc_type",
       "v8js_memory_heap_used_bytes gauge v8js_heap_space_name",
       "v8js_memory_heap_space_size_bytes gauge v8js_heap_space_name",
       "v8js_memory_heap_space_available_size_bytes gauge v8js_heap_space_name",
       "v8js_resource_active gauge v8js_resource_type",
     ]
    `);
  });

  it('are derived from metrics that this library defines', () => {
    const used = [
      ...SEMANTIC_METRICS.flatMap(({ sources, covers = [] }) => [...sources, ...covers]),
      ...RELABELED_METRICS,
      ...DETAILED_METRICS,
    ].map(({ metric }) => metric);
    expect(used.filter((metric) => !LIBRARY_METRIC_NAMES.has(metric))).toEqual([]);
  });

  it('share names with our metrics only where both become one', () => {
    const shared = SEMANTIC_METRICS.filter((metric) =>
      claimedNames(prometheusName(metric), prometheusType(metric)).some((name) =>
        LIBRARY_METRIC_NAMES.has(name),
      ),
    );
    expect(shared.map(prometheusName)).toEqual([
      'http_client_request_duration_seconds',
      'db_client_operation_duration_seconds',
      'nodejs_eventloop_time_seconds_total',
      'nodejs_eventloop_utilization_ratio',
    ]);
    for (const metric of shared) {
      expect(metric.sources.map((source) => source.metric)).toContain(prometheusName(metric));
    }
  });

  it('read any label values without failing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string()), fc.string(), (others, value) => {
        const types = SEMANTIC_METRICS.flatMap(({ sources }) =>
          sources.flatMap(({ labelNames, attributes }) => {
            const labels = { ...others, ...Object.fromEntries(labelNames.map((name) => [name, value])) };
            return attributes.flatMap(({ read, valueOf }) => [
              typeof read(labels, { scheme: 'http' }),
              typeof valueOf(value),
            ]);
          }),
        );
        expect(new Set(types)).toEqual(new Set(['string']));
      }),
    );
  });
});

describe('the bounds of a convention', () => {
  const own = [0.1, 0.5, 2];
  const advised = [0.25, 0.5, 1];
  it('are ours, those that are advised, or all of them', () => {
    expect(boundsFor(undefined, own, advised)).toEqual(own);
    expect(boundsFor('prometheus', own, advised)).toEqual(own);
    expect(boundsFor('otel', own, advised)).toEqual(advised);
    expect(boundsFor('both', own, advised)).toEqual([0.1, 0.25, 0.5, 1, 2]);
  });
});

describe('OTEL_SEMCONV_STABILITY_OPT_IN', () => {
  const own = { http: 'prometheus', database: 'prometheus', rpc: 'prometheus', runtime: 'prometheus' };
  it.each([
    [undefined, {}],
    ['', {}],
    ['http', { http: 'otel' }],
    ['http/dup', { http: 'both' }],
    // The specification prefers both names.
    ['http,http/dup', { http: 'both' }],
    [' database/dup , rpc ', { database: 'both', rpc: 'otel' }],
    ['database', { database: 'otel' }],
    ['HTTP,messaging,gen_ai_latest_experimental,/dup,__proto__', {}],
  ])('is read: %j', (variable, expected) => {
    expect(conventionsOptedIn(variable)).toEqual({ ...own, ...expected });
  });
});
