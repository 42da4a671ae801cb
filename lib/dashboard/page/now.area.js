import { alertsView } from './alerts.view.js';
import { lazyArea, tabbedArea } from './areas.js';
import { healthView } from './health.view.js';
import { nowView } from './now.view.js';

/** The area of what is wrong now: the verdict and its causes, the alerts, the health checks, and the instances. */
export const area = tabbedArea('now', 'Now', [
  ['overview', 'Overview', nowView],
  ['alerts', 'Alerts', alertsView],
  ['health', 'Health checks', healthView],
  ['instances', 'Instances', lazyArea(() => import('./instances.view.js'))],
]);
