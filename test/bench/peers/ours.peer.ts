import { MetricsRegistry, PrometheusExporter } from 'nestjs-monitoring';
import { type LabelSet, observedValue, type Peer, seriesLabels, spreadValue } from './peer.js';

const quiet = { warn: () => undefined };

function registry(): MetricsRegistry {
  return new MetricsRegistry({ seriesLimit: Infinity, logger: quiet });
}

function namesOf(labelSets: readonly LabelSet[]): string[] {
  return Object.keys(labelSets[0]!);
}

const LABEL_NAMES = ['method', 'route', 'status_code'] as const;

export const ours: Peer = {
  name: 'nestjs-monitoring',
  specifier: 'nestjs-monitoring',
  boundInc() {
    const series = registry()
      .counter('bench_total', 'Bench.', { labelNames: LABEL_NAMES })
      .labels(seriesLabels(0));
    return (times) => {
      for (let i = 0; i < times; i++) series.inc();
    };
  },
  inc(labelSets) {
    const counter = registry().counter('bench_total', 'Bench.', { labelNames: namesOf(labelSets) });
    const mask = labelSets.length - 1;
    return (times) => {
      for (let i = 0; i < times; i++) counter.inc(labelSets[i & mask]!);
    };
  },
  boundSet() {
    const series = registry()
      .gauge('bench_size', 'Bench.', { labelNames: LABEL_NAMES })
      .labels(seriesLabels(0));
    return (times) => {
      for (let i = 0; i < times; i++) series.set(i);
    };
  },
  set(labelSets) {
    const gauge = registry().gauge('bench_size', 'Bench.', { labelNames: namesOf(labelSets) });
    const mask = labelSets.length - 1;
    return (times) => {
      for (let i = 0; i < times; i++) gauge.set(labelSets[i & mask]!, i);
    };
  },
  boundObserve() {
    const series = registry()
      .histogram('bench_seconds', 'Bench.', { labelNames: LABEL_NAMES })
      .labels(seriesLabels(0));
    return (times) => {
      for (let i = 0; i < times; i++) series.observe(observedValue(i));
    };
  },
  observe(labelSets) {
    const histogram = registry().histogram('bench_seconds', 'Bench.', { labelNames: namesOf(labelSets) });
    const mask = labelSets.length - 1;
    return (times) => {
      for (let i = 0; i < times; i++) histogram.observe(labelSets[i & mask]!, observedValue(i));
    };
  },
  firstTouch() {
    let next = 0;
    return (times) => {
      const counter = registry().counter('bench_total', 'Bench.', { labelNames: LABEL_NAMES });
      for (let i = 0; i < times; i++) counter.inc(seriesLabels(next++));
    };
  },
  counters(series) {
    const source = registry();
    const counter = source.counter('bench_total', 'Bench.', { labelNames: LABEL_NAMES });
    for (let i = 0; i < series; i++) counter.inc(seriesLabels(i), i);
    const exporter = new PrometheusExporter(source);
    return {
      render: () => exporter.generate(),
      touch: (count) => {
        for (let i = 0; i < count; i++) counter.inc(seriesLabels(i));
      },
    };
  },
  histograms(series) {
    const source = registry();
    const histogram = source.histogram('bench_seconds', 'Bench.', { labelNames: LABEL_NAMES });
    for (let i = 0; i < series; i++) histogram.observe(seriesLabels(i), observedValue(i));
    const exporter = new PrometheusExporter(source);
    return {
      render: () => exporter.generate(),
      touch: (count) => {
        for (let i = 0; i < count; i++) histogram.observe(seriesLabels(i), 0.1);
      },
    };
  },
  distributions(series, values) {
    const source = registry();
    const histogram = source.histogram('bench_seconds', 'Bench.', { labelNames: LABEL_NAMES });
    for (let i = 0; i < series; i++) {
      const one = histogram.labels(seriesLabels(i));
      for (let value = 0; value < values; value++) one.observe(spreadValue(i * values + value));
    }
    const exporter = new PrometheusExporter(source);
    return {
      render: () => exporter.generate({ format: 'protobuf' }),
      touch: (count) => {
        for (let i = 0; i < count; i++) histogram.observe(seriesLabels(i), 0.1);
      },
    };
  },
};
