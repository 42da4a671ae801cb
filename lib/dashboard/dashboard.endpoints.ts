import type { Endpoint } from '../endpoints/endpoint.js';
import type { HealthMonitor } from '../health/health.monitor.js';
import type { MetricsSource } from '../metrics/registry.js';
import { DashboardAssetEndpoint } from './dashboard-asset.endpoint.js';
import { DashboardDataEndpoint } from './dashboard-data.endpoint.js';

/** Everything that the dashboard is made of, under its path. */
export function dashboardEndpoints(
  path: string,
  yields: boolean,
  source: MetricsSource,
  health: HealthMonitor,
): Endpoint[] {
  return [
    new DashboardAssetEndpoint(path, yields, 'index.html', 'text/html; charset=utf-8'),
    new DashboardAssetEndpoint(
      `${path}/dashboard.js`,
      yields,
      'dashboard.js',
      'text/javascript; charset=utf-8',
    ),
    new DashboardAssetEndpoint(`${path}/dashboard.css`, yields, 'dashboard.css', 'text/css; charset=utf-8'),
    new DashboardDataEndpoint(source, health, `${path}/data`, yields),
  ];
}
