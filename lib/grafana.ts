// The door for build scripts that write dashboards.
export { grafanaDashboards, type GrafanaDashboardsOptions } from './dashboard/grafana/grafana-dashboards.js';
