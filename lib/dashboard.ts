// The door for panels of one's own on the dashboard.
export type {
  DashboardAction,
  DashboardArea,
  DashboardChart,
  DashboardChartLine,
  DashboardColumn,
  DashboardComputation,
  DashboardFigure,
  DashboardMetricChart,
  DashboardPanelContent,
  DashboardPanelMethod,
  DashboardPanelOptions,
  DashboardState,
  DashboardTable,
  DashboardUnit,
  DashboardValue,
  DashboardValueChart,
} from './dashboard/panels/dashboard-panel.js';
export { DashboardPanel } from './dashboard/panels/dashboard-panel.decorator.js';
