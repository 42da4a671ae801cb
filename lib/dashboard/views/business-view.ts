import type { MetricsHistory } from '../../query/metrics-history.js';
import type { MetricType } from '../../metrics/naming.js';
import { isOwnMetric } from './own-metrics.js';
import type { Panel, View } from './panel.js';
import { unitOfMetric } from './unit-of-metric.js';

/** What the application measures itself: a chart for each of its metrics. */
export function businessView(history: MetricsHistory): View {
  return {
    name: 'business',
    title: 'Business',
    empty: 'The application has no metrics of its own yet. Inject MetricsRegistry and make some.',
    panels: history
      .metrics()
      .filter(({ name }) => !isOwnMetric(name))
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ name, type }) => panelOf(name, type, history)),
  };
}

function panelOf(name: string, type: MetricType, history: MetricsHistory): Panel {
  const unit = unitOfMetric(name, type);
  if (type === 'histogram') {
    const queries = (['p50', 'p95'] as const).map((compute) => ({ metric: name, compute, legend: compute }));
    return { title: name, unit, queries };
  }
  const groupBy = Object.keys(history.series(name)[0] ?? {}).filter((label) =>
    variesBy(history, name, label),
  );
  const legend = groupBy.length === 0 ? name : '';
  return type === 'counter'
    ? {
        title: `${name}, per second`,
        unit: unit === 'bytes' ? 'bytes per second' : 'per second',
        queries: [{ metric: name, compute: 'rate', groupBy, legend }],
      }
    : { title: name, unit, queries: [{ metric: name, compute: 'value', groupBy, legend }] };
}

/** Default labels are the same for all series, and tell nothing. */
function variesBy(history: MetricsHistory, metric: string, label: string): boolean {
  return new Set(history.series(metric).map((labels) => labels[label])).size > 1;
}
