import type { MetricFamily } from '../../metrics/snapshot.js';
import { UIDS } from './dashboard-links.js';
import { type GrafanaDashboard, type GrafanaPanel, type GrafanaUnit, query } from './grafana-dashboard.js';
import { topResults } from './top.js';
import { isLibraryMetric } from '../views/library-metrics.js';
import { unitOfMetric } from '../views/unit-of-metric.js';

const UNITS: Readonly<Record<string, GrafanaUnit>> = { seconds: 's', bytes: 'bytes', percent: 'percent' };

/** Returns a dashboard with a panel for each metric that the application itself defines. */
export function businessDashboard(families: readonly MetricFamily[]): GrafanaDashboard {
  // In the order of their names: that of their creation may differ from start to start.
  const own = families
    .filter(({ name }) => !isLibraryMetric(name))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return {
    uid: UIDS.business,
    title: 'Business Metrics',
    description:
      'User activity, entity counts and growth, revenue, and all other custom metrics of the application.',
    rows: [
      { title: 'Current values', panels: own.filter(({ type }) => type === 'gauge').map(panelOf) },
      { title: 'Activity', panels: own.filter(({ type }) => type === 'counter').map(panelOf) },
      { title: 'Distributions', panels: own.filter(({ type }) => type === 'histogram').map(panelOf) },
    ].filter(({ panels }) => panels.length > 0),
  };
}

/** Labels that Prometheus has itself, so that those of a metric get a prefix. */
const TARGET_LABELS = new Set(['job', 'instance']);

function panelOf({ name, type, help, labelNames }: MetricFamily): GrafanaPanel {
  const unit = UNITS[unitOfMetric(name, type)] ?? 'short';
  const labels = labelNames.map((label) => (TARGET_LABELS.has(label) ? `exported_${label}` : label));
  const by = labels.length === 0 ? 'sum' : `sum by (${labels.join(', ')})`;
  const legend = labels.length === 0 ? name : labels.map((label) => `{{${label}}}`).join(' ');
  const description = help || name;
  // A metric without labels is one line.
  const some = (expr: string): string => (labels.length === 0 ? expr : topResults(expr));
  if (type === 'gauge') {
    return { title: name, description, unit, queries: [query(some(`${by} (${name}{})`), legend)] };
  }
  if (type === 'counter') {
    const queries = [query(some(`${by} (increase(${name}{}[1h]))`), legend)];
    return { title: `${name} (increase over 1 h)`, description, unit: unit === 's' ? 's' : 'short', queries };
  }
  const queries = [0.5, 0.95].map((q) =>
    query(`histogram_quantile(${q}, sum by (le) (rate(${name}_bucket{}[$__rate_interval])))`, `p${q * 100}`),
  );
  return { title: name, description, unit, queries };
}
