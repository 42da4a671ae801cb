import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildLibrary, ROOT } from './support/built.js';

interface Loaded {
  readonly statuses: readonly number[];
  readonly bytes: number;
  readonly files: number;
  readonly classes: readonly string[];
}

/** A class of each part that an application in production with default options does not use. */
const UNUSED = {
  'JSON exporter': 'JsonExporter',
  'CloudWatch exporter': 'CloudWatchExporter',
  'embedded metrics exporter': 'EmbeddedMetricsExporter',
  'Datadog exporter': 'DatadogExporter',
  'OTLP exporter': 'OtlpExporter',
  'Pushgateway exporter': 'PushgatewayExporter',
  'remote write exporter': 'RemoteWriteExporter',
  'pushes and their queue': 'PushSender',
  'exposition in protobuf': 'ProtobufRenderer',
  'metrics under the names of OpenTelemetry': 'ConventionalMetrics',
  'bridge from OpenTelemetry': 'OpenTelemetryBridge',
  dashboard: 'ApplicationDashboard',
  'queries of the dashboard': 'ViewReader',
  'instances in Prometheus': 'FleetHistory',
  'state of databases and queues': 'DependencyInspector',
  'state of the process': 'ProcessReader',
  profiles: 'ProfileRecorder',
  'watch of the event loop': 'LoopWatch',
  'flight recorder': 'FlightRecorder',
  cluster: 'ClusterMember',
  'merge of the metrics of workers': 'SeriesAggregation',
  GraphQL: 'GraphQLInstrumentation',
};

/** The largest size of what such an application loads, in bytes. Whoever adds to it asks whether every application uses it. */
const MAX_BYTES = 1_240_000;

const PRODUCTION = { NODE_ENV: 'production' };

async function loadedBy(
  format: string,
  options: object,
  requests: readonly string[],
  environment: Record<string, string> = PRODUCTION,
): Promise<Loaded> {
  const { NODE_ENV: _, ...own } = process.env;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['test/services/fixture/loaded-parts.mjs', format, JSON.stringify(options), ...requests],
    { cwd: ROOT, env: { ...own, ...environment } },
  );
  return JSON.parse(stdout) as Loaded;
}

beforeAll(buildLibrary);

describe.each([
  ['es', 'js'],
  ['cjs', 'cjs'],
])('an application with default options, in format %s', (format, extension) => {
  it('loads no part that it does not use', async () => {
    const built = readdirSync(`${ROOT}dist`)
      .filter((file) => file.endsWith(`.${extension}`))
      .map((file) => readFileSync(`${ROOT}dist/${file}`, 'utf8'))
      .join('\n');
    const gone = Object.entries(UNUSED).filter(([, name]) => !new RegExp(`\\bclass ${name}\\b`).test(built));
    // Such a class has another name by now: this test would see nothing.
    expect(gone).toEqual([]);

    const { statuses, bytes, classes } = await loadedBy(format, {}, ['/metrics', '/health', '/ready']);
    expect(statuses).toEqual([200, 200, 200]);
    expect(classes).toContain('MonitoringModule');
    const names = new Set(classes);
    expect(Object.entries(UNUSED).filter(([, name]) => names.has(name))).toEqual([]);
    expect(bytes).toBeLessThan(MAX_BYTES);
  });

  it('loads the parts that its options and its requests ask for', async () => {
    const options = {
      exporters: { pushgateway: { url: 'http://127.0.0.1:9', jobName: 'orders', intervalMs: 3_600_000 } },
      conventions: 'both',
      cluster: true,
      diagnostics: { blockedLoop: {} },
      endpoints: { dashboard: 'metrics-dashboard' },
    };
    const protobuf =
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
    const { statuses, classes } = await loadedBy(format, options, [
      `/metrics ${protobuf}`,
      '/metrics-dashboard/api/overview',
    ]);
    expect(statuses).toEqual([200, 200]);
    expect(classes).toEqual(
      expect.arrayContaining([
        'PushgatewayExporter',
        'PushSender',
        'ConventionalMetrics',
        'ClusterMember',
        'LoopWatch',
        'ApplicationDashboard',
        'ViewReader',
        'ProtobufRenderer',
      ]),
    );
    const names = new Set(classes);
    expect(['OtlpExporter', 'DatadogExporter', 'FlightRecorder'].filter((name) => names.has(name))).toEqual(
      [],
    );
  });
});
