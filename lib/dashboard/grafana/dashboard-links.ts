import type { GrafanaLink } from './grafana-dashboard.js';

/** The tag of every dashboard, by which they find each other. */
export const TAG = 'nestjs-monitoring';

/** Identities of the dashboards, for links from one to another. */
export const UIDS = {
  home: 'nestjs-monitoring-home',
  application: 'nestjs-monitoring-application',
  errors: 'nestjs-monitoring-errors',
  outgoing: 'nestjs-monitoring-outgoing-http',
  jobs: 'nestjs-monitoring-jobs',
  database: 'nestjs-monitoring-database',
  saturation: 'nestjs-monitoring-saturation',
  runtime: 'nestjs-monitoring-runtime',
  system: 'nestjs-monitoring-system',
  business: 'nestjs-monitoring-business',
  alerts: 'nestjs-monitoring-alerts',
} as const;

/** The link of a line to the dashboard of its route. */
export const TO_ROUTE: GrafanaLink = { title: 'This route', to: UIDS.application, route: 'route' };

/** Variables of every dashboard. */
const KEPT = ['datasource', 'job', 'instance'];

/**
 * Returns the address of a dashboard with the time range and the variables of this one.
 *
 * @param routeFrom the variable of Grafana with the value of the route, such as `__data.fields.route`
 */
export function addressOf(uid: string, routeFrom?: string): string {
  const kept = KEPT.map((name) => `\${${name}:queryparam}`).join('&');
  const route = routeFrom === undefined ? '' : `&var-route=\${${routeFrom}:percentencode}`;
  return `/d/${uid}?\${__url_time_range}&${kept}${route}`;
}
