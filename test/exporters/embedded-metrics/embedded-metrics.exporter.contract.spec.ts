import { EmbeddedMetricsExporter } from 'nestjs-monitoring/exporters';
import {
  type ContractRemote,
  describeExporter,
  ODD_KIND,
  sumsOf,
  type ToldSums,
} from '../push/exporter.contract.js';
import { countOfValue, type ExtractedMetric, sumOfValue } from './embedded-format.js';
import { EmbeddedLog } from './embedded-log.js';

function sumsIn(metrics: readonly ExtractedMetric[]): ToldSums {
  const sums = (name: string, of: (value: ExtractedMetric['value']) => number) =>
    sumsOf(
      metrics
        .filter((metric) => metric.name === name)
        .map(({ dimensions, value }) => [kindOf(dimensions['kind']), of(value)]),
    );
  return { counted: sums('work_total', sumOfValue), observed: sums('size_items', countOfValue) };
}

function kindOf(value: string | undefined): string {
  return value === 'e "quoted"\\' ? ODD_KIND : (value ?? '');
}

// A line whose write ends late is known to have been written: exactly once.
describeExporter({
  name: 'the embedded metrics',
  refuses: false,
  takenTooLate: { counted: 'once' },
  remote: () => {
    const log = new EmbeddedLog();
    return {
      connect: (source, options, dependencies) =>
        new EmbeddedMetricsExporter(
          source,
          { ...options, namespace: 'EnterpriseLand', stream: log },
          dependencies,
        ),
      get mood() {
        return log.mood;
      },
      set mood(mood) {
        log.mood = mood;
      },
      complaints: log.complaints,
      told: () => sumsIn(log.metrics),
    } satisfies ContractRemote;
  },
});
