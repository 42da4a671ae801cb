import type { MetricFamily } from '../../metrics/snapshot.js';
import { type GrafanaDashboard, type GrafanaPanel, type GrafanaUnit, query } from './grafana-dashboard.js';
import { isLibraryMetric } from '../views/library-metrics.js';
import { unitOfMetric } from '../views/unit-of-metric.js';

const UNITS: Readonly<Record<string, GrafanaUnit>> = { seconds: 's', bytes: 'bytes', percent: 'percent' };

/** Returns a dashboard with a panel for each metric that the application itself defines. */
export function businessDashboard(families: readonly MetricFamily[]): GrafanaDashboard {
  const own = families.filter(({ name }) => !isLibraryMetric(name));
  return {
    uid: 'nestjs-monitoring-business',
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

function panelOf({ name, type, help, labelNames }: MetricFamily): GrafanaPanel {
  const unit = UNITS[unitOfMetric(name, type)] ?? 'short';
  const by = labelNames.length === 0 ? 'sum' : `sum by (${labelNames.join(', ')})`;
  const legend = labelNames.length === 0 ? name : labelNames.map((label) => `{{${label}}}`).join(' ');
  const description = help || name;
  if (type === 'gauge') {
    return { title: name, description, unit, queries: [query(`${by} (${name}{})`, legend)] };
  }
  if (type === 'counter') {
    const queries = [query(`${by} (increase(${name}{}[1h]))`, legend)];
    return { title: `${name} (increase over 1 h)`, description, unit: unit === 's' ? 's' : 'short', queries };
  }
  const queries = [0.5, 0.95].map((q) =>
    query(`histogram_quantile(${q}, sum by (le) (rate(${name}_bucket{}[$__rate_interval])))`, `p${q * 100}`),
  );
  return { title: name, description, unit, queries };
}
