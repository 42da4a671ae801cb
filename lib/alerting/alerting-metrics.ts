import type { Collector } from '../metrics/collector.js';
import type { Counter } from '../metrics/counter.js';
import type { Gauge } from '../metrics/gauge.js';
import type { MetricsRegistry } from '../metrics/registry.js';
import type { AlertingMonitor } from './alerting.monitor.js';

/**
 * The alerts and how it goes with them, as metrics. `monitoring_alerts` has the labels of Prometheus' own `ALERTS` and
 * counts what that lists: a metric of that name belongs to Prometheus, and would be there twice.
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
  private readonly known = new Map<string, number>();

  constructor(
    private readonly alerting: AlertingMonitor,
    registry: MetricsRegistry,
  ) {
    this.alerts = registry.gauge('monitoring_alerts', 'Alerts that are pending or fire.', {
      labelNames: ['alertname', 'alertstate', 'severity'],
    });
    const ofRule = { labelNames: ['rule'] } as const;
    this.seconds = registry.gauge(
      'monitoring_rule_evaluation_duration_seconds',
      'How long the last evaluation of an alert rule took.',
      ofRule,
    );
    this.evaluations = registry.counter(
      'monitoring_rule_evaluations_total',
      'Evaluations of alert rules.',
      ofRule,
    );
    this.failures = registry.counter(
      'monitoring_rule_evaluation_failures_total',
      'Evaluations of alert rules that failed.',
      ofRule,
    );
    const ofHandler = { labelNames: ['handler'] } as const;
    this.notifications = registry.counter(
      'monitoring_notifications_total',
      'Notifications that alert handlers took.',
      ofHandler,
    );
    this.failedNotifications = registry.counter(
      'monitoring_notifications_failed_total',
      'Notifications that alert handlers did not take, after all retries.',
      ofHandler,
    );
    this.droppedNotifications = registry.counter(
      'monitoring_notifications_dropped_total',
      'Notifications that were put off because too many waited.',
      ofHandler,
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
      this.bring(this.evaluations, { rule }, evaluations);
      this.bring(this.failures, { rule }, failures);
    }
    for (const { handler, delivered, failed, dropped } of this.alerting.handlers()) {
      this.bring(this.notifications, { handler }, delivered);
      this.bring(this.failedNotifications, { handler }, failed);
      this.bring(this.droppedNotifications, { handler }, dropped);
    }
  }

  /** Brings a counter to a total; one that is lower than before began anew. */
  private bring<L extends string>(
    counter: Counter<L>,
    labels: Readonly<Record<L, string>>,
    total: number,
  ): void {
    const key = `${counter.name} ${Object.values(labels).join()}`;
    const before = this.known.get(key) ?? 0;
    counter.inc(
      ...([labels, total < before ? total : total - before] as unknown as Parameters<typeof counter.inc>),
    );
    this.known.set(key, total);
  }
}
