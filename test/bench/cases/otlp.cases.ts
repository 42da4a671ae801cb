import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { MetricsRegistry } from 'nestjs-monitoring';
import { OtlpExporter } from 'nestjs-monitoring/exporters';
import { timesFaster } from '../goal.js';
import { measureTasks } from '../measure.js';
import { observedValue } from '../peers/peer.js';
import type { Case, Row } from './case.js';

const COUNTERS = 10_000;
const HISTOGRAMS = 1_000;
const METHODS = ['GET', 'POST'];

function labelsOf(i: number): { route: string; method: string; status: string } {
  return { route: `/api/resource${i >> 3}/:id`, method: METHODS[i & 1]!, status: String(200 + (i & 7)) };
}

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const ACCEPTED = { status: 200, headers: { get: () => null }, body: null };

/** From the metrics to the body of a request, without its compression and its way over the network. */
function pushCase(protocol: 'http/protobuf' | 'http/json'): Case {
  return {
    name: `otlp-${protocol.slice('http/'.length)}`,
    async run(_peers, effort): Promise<Row[]> {
      const counters = Math.ceil(COUNTERS / effort.divisor);
      const histograms = Math.ceil(HISTOGRAMS / effort.divisor);
      const registry = new MetricsRegistry({ seriesLimit: 2 * COUNTERS });
      const labelNames = ['route', 'method', 'status'] as const;
      const counter = registry.counter('bench_requests_total', 'Bench.', { labelNames });
      const histogram = registry.histogram('bench_duration_seconds', 'Bench.', { labelNames });
      const reader = new Reader({ cardinalitySelector: () => 2 * COUNTERS });
      const meter = new MeterProvider({ readers: [reader] }).getMeter('bench');
      const theirCounter = meter.createCounter('bench.requests');
      const theirHistogram = meter.createHistogram('bench.duration', { unit: 's' });
      for (let i = 0; i < counters; i++) {
        counter.inc(labelsOf(i));
        theirCounter.add(1, labelsOf(i));
      }
      for (let i = 0; i < histograms; i++) {
        histogram.observe(labelsOf(i), observedValue(i));
        theirHistogram.record(observedValue(i), labelsOf(i));
      }
      const fetch = async (): Promise<typeof ACCEPTED> => ACCEPTED;
      const exporter = new OtlpExporter(registry, { protocol, compression: 'none', fetch });
      const serializer = protocol === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
      // The same exporter with the official encoder in place of ours.
      const official = {
        export(metrics: never, done: (result: { code: number }) => void): void {
          done({ code: serializer.serializeRequest(metrics) ? 0 : 1 });
        },
        async shutdown(): Promise<void> {},
      };
      const withOfficial = new OtlpExporter(registry, { exporter: official });
      const results = await measureTasks(
        {
          'nestjs-monitoring': () => exporter.exportAll(),
          'official encoder': () => withOfficial.exportAll(),
          OpenTelemetry: async () => {
            const { resourceMetrics } = await reader.collect();
            return serializer.serializeRequest(resourceMetrics);
          },
        },
        effort.rounds,
      );
      const series = (counters + histograms).toLocaleString('en');
      return [
        {
          title: `push ${series} series by OTLP in ${protocol.slice('http/'.length)}`,
          unit: 'ms',
          results,
          goal: protocol === 'http/protobuf' ? timesFaster(1, 'official encoder') : undefined,
        },
      ];
    },
  };
}

export const otlpCases: readonly Case[] = [pushCase('http/protobuf'), pushCase('http/json')];
