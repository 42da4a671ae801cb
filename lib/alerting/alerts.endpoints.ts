import { type Endpoint, type EndpointReply, jsonReply } from '../http/endpoint.js';
import { type Alert, annotationsOf } from './alert.js';
import type { AlertingMonitor } from './alerting.monitor.js';
import type { RuleStatus } from './evaluation/rule-status.js';

/** Returns the endpoints of rules and alerts, with the paths and responses of the Prometheus HTTP API. */
export function alertsEndpoints(path: string, overridable: boolean, alerting: AlertingMonitor): Endpoint[] {
  return [
    new AlertsEndpoint(`${path}/api/v1/rules`, overridable, () => ({ groups: [groupOf(alerting)] })),
    new AlertsEndpoint(`${path}/api/v1/alerts`, overridable, () => ({
      alerts: alerting.rules().flatMap(({ alerts }) => alertsOf(alerts, alerting)),
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
    rules: rules.map((rule) => ruleOf(rule, alerting)),
  };
}

function ruleOf(status: RuleStatus, alerting: AlertingMonitor): unknown {
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
    alerts: alertsOf(alerts, alerting),
    health,
    ...(lastError !== undefined && { lastError }),
    evaluationTime: evaluationSeconds,
    lastEvaluation: timeText(lastEvaluation),
    type: 'alerting',
  };
}

/** Returns the pending and firing alerts. Their notification status has the shape of Alertmanager. */
function alertsOf(alerts: readonly Alert[], alerting: AlertingMonitor): unknown[] {
  return alerts
    .filter(({ state }) => state !== 'resolved')
    .map((alert) => ({
      labels: alert.labels,
      annotations: annotationsOf(alert, alerting.contextOf(alert)),
      state: alert.state,
      activeAt: timeText(alert.activeAt),
      value: String(alert.value),
      fingerprint: alert.fingerprint,
      status: alerting.statusOf(alert),
    }));
}

/** Returns a time in ISO 8601, or the zero time of Prometheus for none. */
function timeText(timestamp = NaN): string {
  return Number.isFinite(timestamp) ? new Date(timestamp).toISOString() : '0001-01-01T00:00:00Z';
}
