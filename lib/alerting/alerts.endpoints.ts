import { type Endpoint, type EndpointReply, jsonReply } from '../http/endpoint.js';
import type { Alert } from './alert.js';
import type { AlertingMonitor } from './alerting.monitor.js';
import type { RuleStatus } from './rule-status.js';

/** Rules and alerts in the shapes of the HTTP API of Prometheus, under a path of ours. */
export function alertsEndpoints(path: string, overridable: boolean, alerting: AlertingMonitor): Endpoint[] {
  return [
    new AlertsEndpoint(`${path}/api/v1/rules`, overridable, () => ({ groups: [groupOf(alerting)] })),
    new AlertsEndpoint(`${path}/api/v1/alerts`, overridable, () => ({
      alerts: alerting.rules().flatMap(({ alerts }) => shownAlerts(alerts, alerting)),
    })),
  ];
}

class AlertsEndpoint implements Endpoint {
  readonly option = 'alerts';
  readonly restricted = true;

  constructor(
    readonly path: string,
    readonly overridable: boolean,
    private readonly read: () => unknown,
  ) {}

  handle(): EndpointReply {
    return jsonReply(200, { status: 'success', data: this.read() });
  }
}

function groupOf(alerting: AlertingMonitor): unknown {
  const rules = alerting.rules();
  return {
    name: 'nestjs-monitoring',
    file: '',
    interval: alerting.intervalMs / 1000,
    limit: 0,
    evaluationTime: rules.reduce((sum, { evaluationSeconds }) => sum + evaluationSeconds, 0),
    lastEvaluation: timeText(Math.max(...rules.map(({ lastEvaluation = NaN }) => lastEvaluation))),
    rules: rules.map((rule) => shownRule(rule, alerting)),
  };
}

function shownRule(status: RuleStatus, alerting: AlertingMonitor): unknown {
  const { name, rule, state, health, lastError, lastEvaluation, evaluationSeconds, alerts } = status;
  const labels = Object.entries(rule.labels).map(([label, text]) => [label, text.toPrometheus()]);
  const annotations = Object.entries(rule.annotations).map(([label, text]) => [label, text.toPrometheus()]);
  return {
    state,
    name,
    query: status.expression,
    duration: status.forMs / 1000,
    keepFiringFor: status.keepFiringForMs / 1000,
    labels: { ...Object.fromEntries(labels), severity: rule.severity },
    annotations: { summary: rule.message.toPrometheus(), ...Object.fromEntries(annotations) },
    alerts: shownAlerts(alerts, alerting),
    health,
    ...(lastError !== undefined && { lastError }),
    evaluationTime: evaluationSeconds,
    lastEvaluation: timeText(lastEvaluation),
    type: 'alerting',
  };
}

/** Those that are pending or fire; whether handlers are told of them is said as Alertmanager does. */
function shownAlerts(alerts: readonly Alert[], alerting: AlertingMonitor): unknown[] {
  return alerts
    .filter(({ state }) => state !== 'resolved')
    .map((alert) => ({
      labels: alert.labels,
      annotations: { summary: alert.message, ...alert.annotations },
      state: alert.state,
      activeAt: timeText(alert.activeAt),
      value: String(alert.value),
      fingerprint: alert.fingerprint,
      status: alerting.statusOf(alert),
    }));
}

/** What Prometheus shows for never. */
function timeText(timestamp = NaN): string {
  return Number.isFinite(timestamp) ? new Date(timestamp).toISOString() : '0001-01-01T00:00:00Z';
}
