import type { MetricsHistory } from '../../query/metrics-history.js';
import type { MetricType } from '../../metrics/naming-rules.js';
import { isLibraryMetric } from './library-metrics.js';
import { type Panel, panel, percentiles, type View } from './panel.js';
import { unitOfMetric, unitOfRate } from './unit-of-metric.js';

/** Returns a chart for each metric that the application itself defines. */
export function businessView(history: MetricsHistory): View {
  return {
    name: 'business',
    title: 'Business',
    empty: 'No custom metrics yet. Inject MetricsRegistry to create one.',
    panels: history
      .metrics()
      .filter(({ name }) => !isLibraryMetric(name))
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ name, type }) => panelOf(name, type, history)),
  };
}

function panelOf(name: string, type: MetricType, history: MetricsHistory): Panel {
  const unit = unitOfMetric(name, type);
  if (type === 'histogram') return panel(name, unit, percentiles(name, {}, ['p50', 'p95']));
  const groupBy = Object.keys(history.series(name)[0] ?? {}).filter((label) =>
    variesBy(history, name, label),
  );
  const legend = groupBy.length === 0 ? name : '';
  return type === 'counter'
    ? panel(`${name} (per second)`, unitOfRate(unit), [{ metric: name, compute: 'rate', groupBy, legend }])
    : panel(name, unit, [{ metric: name, compute: 'value', groupBy, legend }]);
}

/** Returns true if a label has different values. Default labels have the same value in all series. */
function variesBy(history: MetricsHistory, metric: string, label: string): boolean {
  return new Set(history.series(metric).map((labels) => labels[label])).size > 1;
}
