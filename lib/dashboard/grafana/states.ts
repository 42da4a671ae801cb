import type { StateTimelinePanel } from './grafana-dashboard.js';

type States = StateTimelinePanel['states'];

/** The values of `monitoring_health_status`. */
export const HEALTH_STATES: States = {
  '0': { text: 'unhealthy', color: 'red' },
  '0.5': { text: 'degraded', color: 'yellow' },
  '1': { text: 'healthy', color: 'green' },
};

/** The values of `monitoring_collector_success`. */
export const COLLECTOR_STATES: States = {
  '0': { text: 'failed', color: 'red' },
  '1': { text: 'succeeded', color: 'green' },
};

/** 1 for a pending alert, 2 for one that fires. */
export const ALERT_STATES: States = {
  '1': { text: 'pending', color: 'yellow' },
  '2': { text: 'firing', color: 'red' },
};

/** 0 if no run of a job is in progress. */
export const RUN_STATES: States = {
  '0': { text: 'idle', color: 'text' },
  '1': { text: 'running', color: 'blue' },
};
