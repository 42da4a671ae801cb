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
  /** The last known totals, by counter and label value. */
  private readonly totals = new Map<string, number>();

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
    this.alerts.reset();
    this.seconds.reset();
    for (const { rule: alertname, state: alertstate, severity } of this.alerting.alerts()) {
      if (alertstate !== 'resolved') this.alerts.inc({ alertname, alertstate, severity });
    }
    for (const { name: rule, evaluations, failures, evaluationSeconds } of this.alerting.rules()) {
      this.seconds.set({ rule }, evaluationSeconds);
      this.evaluations.inc({ rule }, this.increase(`evaluations ${rule}`, evaluations));
      this.failures.inc({ rule }, this.increase(`failures ${rule}`, failures));
    }
    for (const { handler, delivered, failed, dropped } of this.alerting.handlers()) {
      this.notifications.inc({ handler }, this.increase(`delivered ${handler}`, delivered));
      this.failedNotifications.inc({ handler }, this.increase(`failed ${handler}`, failed));
      this.droppedNotifications.inc({ handler }, this.increase(`dropped ${handler}`, dropped));
    }
  }

  /** Returns the increase of a total since the last call. A total that decreased was reset. */
  private increase(key: string, total: number): number {
    const before = this.totals.get(key) ?? 0;
    this.totals.set(key, total);
    return total < before ? total : total - before;
  }
}
