import type * as PromClient from 'prom-client';
import { type LabelSet, observedValue, type Peer, seriesLabels, spreadValue } from './peer.js';

const LABEL_NAMES = ['method', 'route', 'status_code'];
/** Its own default, which equals ours. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

function namesOf(labelSets: readonly LabelSet[]): string[] {
  return Object.keys(labelSets[0]!);
}

/** prom-client, or its successor, which has the same interface. */
export function promClientPeer(specifier: string, client: typeof PromClient): Peer {
  const fresh = (): { registers: PromClient.Registry[] } => ({ registers: [new client.Registry()] });
  const counterOf = (labelNames: string[], at = fresh()): PromClient.Counter =>
    new client.Counter({ name: 'bench_total', help: 'Bench.', labelNames, ...at });
  const gaugeOf = (labelNames: string[]): PromClient.Gauge =>
    new client.Gauge({ name: 'bench_size', help: 'Bench.', labelNames, ...fresh() });
  const histogramOf = (labelNames: string[], at = fresh()): PromClient.Histogram =>
    new client.Histogram({ name: 'bench_seconds', help: 'Bench.', labelNames, buckets: BUCKETS, ...at });
  return {
    name: specifier,
    specifier,
    boundInc() {
      const series = counterOf(LABEL_NAMES).labels(seriesLabels(0));
      return (times) => {
        for (let i = 0; i < times; i++) series.inc();
      };
    },
    inc(labelSets) {
      const counter = counterOf(namesOf(labelSets));
      const mask = labelSets.length - 1;
      return (times) => {
        for (let i = 0; i < times; i++) counter.inc(labelSets[i & mask]!);
      };
    },
    boundSet() {
      const series = gaugeOf(LABEL_NAMES).labels(seriesLabels(0));
      return (times) => {
        for (let i = 0; i < times; i++) series.set(i);
      };
    },
    set(labelSets) {
      const gauge = gaugeOf(namesOf(labelSets));
      const mask = labelSets.length - 1;
      return (times) => {
        for (let i = 0; i < times; i++) gauge.set(labelSets[i & mask]!, i);
      };
    },
    boundObserve() {
      const series = histogramOf(LABEL_NAMES).labels(seriesLabels(0));
      return (times) => {
        for (let i = 0; i < times; i++) series.observe(observedValue(i));
      };
    },
    observe(labelSets) {
      const histogram = histogramOf(namesOf(labelSets));
      const mask = labelSets.length - 1;
      return (times) => {
        for (let i = 0; i < times; i++) histogram.observe(labelSets[i & mask]!, observedValue(i));
      };
    },
    firstTouch() {
      let next = 0;
      return (times) => {
        const counter = counterOf(LABEL_NAMES);
        for (let i = 0; i < times; i++) counter.inc(seriesLabels(next++));
      };
    },
    counters(series) {
      const at = fresh();
      const counter = counterOf(LABEL_NAMES, at);
      for (let i = 0; i < series; i++) counter.inc(seriesLabels(i), i);
      return {
        // A server sends bytes: making them of the text is part of the work.
        render: async () => Buffer.from(await at.registers[0]!.metrics()),
        touch: (count) => {
          for (let i = 0; i < count; i++) counter.inc(seriesLabels(i));
        },
      };
    },
    histograms(series) {
      const at = fresh();
      const histogram = histogramOf(LABEL_NAMES, at);
      for (let i = 0; i < series; i++) histogram.observe(seriesLabels(i), observedValue(i));
      return {
        render: async () => Buffer.from(await at.registers[0]!.metrics()),
        touch: (count) => {
          for (let i = 0; i < count; i++) histogram.observe(seriesLabels(i), 0.1);
        },
      };
    },
    distributions(series, values) {
      const at = fresh();
      const histogram = histogramOf(LABEL_NAMES, at);
      for (let i = 0; i < series; i++) {
        const one = histogram.labels(seriesLabels(i));
        for (let value = 0; value < values; value++) one.observe(spreadValue(i * values + value));
      }
      return {
        render: async () => Buffer.from(await at.registers[0]!.metrics()),
        touch: (count) => {
          for (let i = 0; i < count; i++) histogram.observe(seriesLabels(i), 0.1);
        },
      };
    },
  };
}
