import type { GrafanaAnnotation } from './grafana-dashboard.js';

const BUILD = 'application_build_info{}';

/** Events that explain a change in any chart. */
export const ANNOTATIONS: readonly GrafanaAnnotation[] = [
  {
    name: 'Deployments',
    color: 'blue',
    // A version or revision that did not run a moment before; a short gap between scrapes is none.
    expr: `count by (job, version, revision) (${BUILD}) unless count by (job, version, revision) (present_over_time(${BUILD}[15m] offset $__rate_interval))`,
    text: '{{job}} {{version}} {{revision}}',
    tags: ['version'],
  },
  {
    name: 'Restarts',
    color: 'purple',
    expr: 'process_start_time_seconds{} * 1000',
    text: '{{instance}}',
    valueIsTime: true,
  },
  {
    name: 'Alerts',
    color: 'red',
    expr: 'sum by (alertname, severity) (monitoring_alerts{alertstate="firing"}) > 0',
    text: '{{alertname}}',
    tags: ['severity'],
  },
];
