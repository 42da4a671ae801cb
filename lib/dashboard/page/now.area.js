import { alertsView } from './alerts.view.js';
import { tabbedArea } from './areas.js';
import { healthView } from './health.view.js';
import { nowView } from './now.view.js';

/** The area of what is wrong now: the verdict and its causes, the alerts, and the health checks. */
export const area = tabbedArea('now', 'Now', [
  ['overview', 'Overview', nowView],
  ['alerts', 'Alerts', alertsView],
  ['health', 'Health checks', healthView],
]);
