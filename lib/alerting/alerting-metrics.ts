import type { Collector } from '../metrics/collector.js';
import type { Counter } from '../metrics/counter.js';
import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { AlertingMonitor } from './alerting.monitor.js';

const OF_RULE = { labelNames: ['rule'] } as const;
const OF_HANDLER = { labelNames: ['handler'] } as const;

/**
 * A collector of the metrics of alerting. `monitoring_alerts` has the labels of the `ALERTS` series of Prometheus, but
 * another name: `ALERTS` would collide with the series that Prometheus itself writes.
 */
export class AlertingMetrics implements Collector {
  readonly name = 'alerting';
  readonly metricNames = ['monitoring_alerts', 'monitoring_rule_evaluation_duration_seconds'];
  private readonly alerts: Gauge<'alertname' | 'alertstate' | 'severity'>;
  private readonly seconds: Gauge<'rule'>;
  private readonly evaluations: Counter<'rule'>;
  private readonly failures: Counter<'rule'>;
  private readonly notifications: Counter<'handler'>;
  private readonly failedNotifications: Counter<'handler'>;
  private readonly droppedNotifications: Counter<'handler'>;
  /** The totals at the last call, by counter and by rule or handler. */
  private totals = new Map<string, number>();

  constructor(
    private readonly alerting: AlertingMonitor,
    registry: MetricsRegistry,
  ) {
    this.alerts = registry.gauge('monitoring_alerts', 'Pending and firing alerts.', {
      labelNames: ['alertname', 'alertstate', 'severity'],
      aggregate: 'shared',
    });
    this.seconds = registry.gauge(
      'monitoring_rule_evaluation_duration_seconds',
      'Duration of the last evaluation of an alert rule.',
      { ...OF_RULE, aggregate: 'max' },
    );
    const ofRule = (name: string, help: string) => registry.counter(name, help, OF_RULE);
    this.evaluations = ofRule('monitoring_rule_evaluations_total', 'Evaluations of alert rules.');
    this.failures = ofRule('monitoring_rule_evaluation_failures_total', 'Failed evaluations of alert rules.');
    const ofHandler = (name: string, help: string) => registry.counter(name, help, OF_HANDLER);
    this.notifications = ofHandler(
      'monitoring_notifications_total',
      'Notifications delivered to alert handlers.',
    );
    this.failedNotifications = ofHandler(
      'monitoring_notifications_failed_total',
      'Notifications to alert handlers that failed after all retries.',
    );
    this.droppedNotifications = ofHandler(
      'monitoring_notifications_dropped_total',
      'Notifications dropped because the queue of the alert handler was full.',
    );
  }

  collect(): void {
    // Read before anything is counted: if one fails, the next call counts all increases.
    const [alerts, rules, handlers] = [
      this.alerting.alerts(),
      this.alerting.rules(),
      this.alerting.handlers(),
    ];
    this.alerts.reset();
    this.seconds.reset();
    const before = this.totals;
    const totals = (this.totals = new Map());
    /** Returns the increase of a total since the last call. A total that decreased was reset. */
    const increase = (key: string, total: number): number => {
      const last = before.get(key) ?? 0;
      totals.set(key, total);
      return total < last ? total : total - last;
    };
    for (const { rule: alertname, state: alertstate, severity } of alerts) {
      if (alertstate !== 'resolved') this.alerts.inc({ alertname, alertstate, severity });
    }
    // A service level has one entry for each severity.
    for (const { name: rule, severity, evaluations, failures, evaluationSeconds } of rules) {
      this.seconds.inc({ rule }, evaluationSeconds);
      this.evaluations.inc({ rule }, increase(`evaluations ${severity} ${rule}`, evaluations));
      this.failures.inc({ rule }, increase(`failures ${severity} ${rule}`, failures));
    }
    for (const { handler, delivered, failed, dropped } of handlers) {
      this.notifications.inc({ handler }, increase(`delivered ${handler}`, delivered));
      this.failedNotifications.inc({ handler }, increase(`failed ${handler}`, failed));
      this.droppedNotifications.inc({ handler }, increase(`dropped ${handler}`, dropped));
    }
  }
}
