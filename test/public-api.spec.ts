import { readFileSync } from 'node:fs';
import * as library from 'nestjs-monitoring';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

/** Every name that index.ts exports; types are marked. */
function exportedNames(): string[] {
  const text = readFileSync(new URL('../lib/index.ts', import.meta.url), 'utf8');
  const { statements } = ts.createSourceFile('index.ts', text, ts.ScriptTarget.Latest);
  return statements
    .flatMap((statement) => {
      if (!ts.isExportDeclaration(statement))
        throw new Error(`index.ts holds logic: ${ts.SyntaxKind[statement.kind]}`);
      const { exportClause, isTypeOnly } = statement;
      if (exportClause === undefined || !ts.isNamedExports(exportClause))
        throw new Error('index.ts exports a star');
      return exportClause.elements.map(({ name, isTypeOnly: isType }) =>
        isTypeOnly || isType ? `type ${name.text}` : name.text,
      );
    })
    .toSorted();
}

describe('the public surface', () => {
  it('is what is listed here: a change of this list is a change for every user', () => {
    expect(exportedNames()).toMatchInlineSnapshot(`
      [
        "CloudWatchExporter",
        "Counter",
        "DEFAULT_BUCKETS",
        "DatadogExporter",
        "ExporterMetrics",
        "Gauge",
        "HealthMonitor",
        "Histogram",
        "InjectMetric",
        "JsonExporter",
        "MetricDefinitionError",
        "MetricsContext",
        "MetricsHistory",
        "MetricsInterceptor",
        "MetricsRegistry",
        "MonitorModelOperation",
        "MonitorPerformance",
        "MonitoringModule",
        "MonitoringOptionsError",
        "OtlpExporter",
        "PrometheusExporter",
        "PushError",
        "PushExporter",
        "Timer",
        "TrackErrors",
        "TrackMetrics",
        "defineCounter",
        "defineGauge",
        "defineHistogram",
        "defineTimer",
        "exponentialBuckets",
        "getMetricToken",
        "linearBuckets",
        "systemClock",
        "type AnyMetric",
        "type BoundMetricOptions",
        "type BucketOptions",
        "type CacheCollectorOptions",
        "type Clock",
        "type CloudWatchClientLike",
        "type CloudWatchCost",
        "type CloudWatchExporterOptions",
        "type Collector",
        "type CollectorPace",
        "type CollectorsOptions",
        "type CounterInterval",
        "type CounterIntervalFamily",
        "type CounterSeries",
        "type DatabaseCollectorOptions",
        "type DatadogClient",
        "type DatadogExporterOptions",
        "type DatadogSite",
        "type Distribution",
        "type DropReason",
        "type EndpointAuth",
        "type EndpointsOptions",
        "type ErrorsOptions",
        "type Exemplar",
        "type ExponentialBuckets",
        "type ExponentialHistogramSnapshot",
        "type ExporterLogger",
        "type ExportersOptions",
        "type ExpositionFormat",
        "type GaugeInterval",
        "type GaugeIntervalFamily",
        "type GaugeSeries",
        "type GenerateOptions",
        "type GraphQLMetricsOptions",
        "type HealthCheckResult",
        "type HealthReport",
        "type HealthStatus",
        "type HistogramFamily",
        "type HistogramInterval",
        "type HistogramIntervalFamily",
        "type HistogramSeries",
        "type HistogramSeriesSnapshot",
        "type HistoryOptions",
        "type HistoryWish",
        "type HttpMetricsOptions",
        "type IntervalFamily",
        "type JobContext",
        "type JobMetricsOptions",
        "type JobsOptions",
        "type JsonExporterOptions",
        "type JsonHistogram",
        "type JsonMetric",
        "type JsonMetrics",
        "type JsonScalar",
        "type LabelMatcher",
        "type LabelMatchers",
        "type LabelPattern",
        "type LabelValue",
        "type Labels",
        "type LifecyclePhase",
        "type Metric",
        "type MetricChoice",
        "type MetricDeclaration",
        "type MetricFamily",
        "type MetricKind",
        "type MetricOf",
        "type MetricOptions",
        "type MetricType",
        "type MetricsInterval",
        "type MetricsRegistryOptions",
        "type MetricsSnapshot",
        "type MetricsSource",
        "type MonitorModelOperationOptions",
        "type MonitorPerformanceOptions",
        "type MonitoringAsyncOptions",
        "type MonitoringOptions",
        "type NameTimer",
        "type OtlpExporterOptions",
        "type OtlpMetricExporter",
        "type OutgoingHttpOptions",
        "type Part",
        "type Points",
        "type PrometheusExporterOptions",
        "type PushDestination",
        "type PushExporterOptions",
        "type PushRequest",
        "type PushSurroundings",
        "type QueuesOptions",
        "type ReadOptions",
        "type Reading",
        "type RpcMetricsOptions",
        "type RunOptions",
        "type SampleArguments",
        "type ScalarFamily",
        "type ScalarSeriesSnapshot",
        "type SnapshotOptions",
        "type StaticLabelInput",
        "type StopTimer",
        "type SystemOptions",
        "type TimerSeries",
        "type TrackErrorsOptions",
        "type TrackMetricsOptions",
        "type WarningLogger",
        "type WebSocketMetricsOptions",
      ]
    `);
  });

  it('exists at run time as far as it is not types', () => {
    expect(Object.keys(library).toSorted()).toEqual(
      exportedNames().filter((name) => !name.startsWith('type ')),
    );
  });
});
