import type { Counter, Histogram, Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics';
import { observedValue, type Peer, type Rendered, seriesLabels, spreadValue } from './peer.js';

const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Its own limit of 2000 would fold most of the series that are to be rendered. */
const NO_LIMIT = 10_000_000;

function meterWithReader(): { meter: Meter; reader: PrometheusExporter } {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({
    readers: [reader],
    views: [
      {
        instrumentName: 'bench_seconds',
        aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: BUCKETS } },
        aggregationCardinalityLimit: NO_LIMIT,
      },
      { instrumentName: 'bench', aggregationCardinalityLimit: NO_LIMIT },
    ],
  });
  return { meter: provider.getMeter('bench'), reader };
}

function counterOf(meter: Meter): Counter {
  return meter.createCounter('bench', { description: 'Bench.' });
}

function histogramOf(meter: Meter): Histogram {
  return meter.createHistogram('bench_seconds', { description: 'Bench.' });
}

function rendered(reader: PrometheusExporter, touch: Rendered['touch']): Rendered {
  const serializer = new PrometheusSerializer();
  return {
    render: async () => Buffer.from(serializer.serialize((await reader.collect()).resourceMetrics)),
    touch,
  };
}

/** The OpenTelemetry SDK with its Prometheus exporter; it has no bound instruments. */
export const opentelemetry: Peer = {
  name: 'OpenTelemetry',
  specifier: '@opentelemetry/exporter-prometheus',
  inc(labelSets) {
    const counter = counterOf(meterWithReader().meter);
    const mask = labelSets.length - 1;
    return (times) => {
      for (let i = 0; i < times; i++) counter.add(1, labelSets[i & mask]);
    };
  },
  set(labelSets) {
    const gauge = meterWithReader().meter.createGauge('bench_size', { description: 'Bench.' });
    const mask = labelSets.length - 1;
    return (times) => {
      for (let i = 0; i < times; i++) gauge.record(i, labelSets[i & mask]);
    };
  },
  observe(labelSets) {
    const histogram = histogramOf(meterWithReader().meter);
    const mask = labelSets.length - 1;
    return (times) => {
      for (let i = 0; i < times; i++) histogram.record(observedValue(i), labelSets[i & mask]);
    };
  },
  firstTouch() {
    let next = 0;
    return (times) => {
      const counter = counterOf(meterWithReader().meter);
      for (let i = 0; i < times; i++) counter.add(1, seriesLabels(next++));
    };
  },
  counters(series) {
    const { meter, reader } = meterWithReader();
    const counter = counterOf(meter);
    for (let i = 0; i < series; i++) counter.add(i, seriesLabels(i));
    return rendered(reader, (count) => {
      for (let i = 0; i < count; i++) counter.add(1, seriesLabels(i));
    });
  },
  histograms(series) {
    const { meter, reader } = meterWithReader();
    const histogram = histogramOf(meter);
    for (let i = 0; i < series; i++) histogram.record(observedValue(i), seriesLabels(i));
    return rendered(reader, (count) => {
      for (let i = 0; i < count; i++) histogram.record(0.1, seriesLabels(i));
    });
  },
  distributions(series, values) {
    const { meter, reader } = meterWithReader();
    const histogram = histogramOf(meter);
    for (let i = 0; i < series; i++) {
      const labels = seriesLabels(i);
      for (let value = 0; value < values; value++) histogram.record(spreadValue(i * values + value), labels);
    }
    return rendered(reader, (count) => {
      for (let i = 0; i < count; i++) histogram.record(0.1, seriesLabels(i));
    });
  },
};
