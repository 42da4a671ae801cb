// The door for the dashboard: panels of one's own, and its options.
export type {
  DashboardAction,
  DashboardArea,
  DashboardChart,
  DashboardChartLine,
  DashboardColumn,
  DashboardComputation,
  DashboardFigure,
  DashboardMetricChart,
  DashboardMetricLine,
  DashboardPanelContent,
  DashboardPanelMethod,
  DashboardPanelOptions,
  DashboardPromqlLine,
  DashboardState,
  DashboardTable,
  DashboardUnit,
  DashboardValue,
  DashboardValueChart,
} from './dashboard/panels/dashboard-panel.js';
export { DashboardPanel } from './dashboard/panels/dashboard-panel.decorator.js';
export type { DashboardOptions, DashboardPrometheusOptions } from './dashboard/dashboard.options.js';
