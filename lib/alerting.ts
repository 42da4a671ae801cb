// The door for alert handlers and for rules as code.
export type { Alert, AlertEvent, AlertState, AlertStatus } from './alerting/alert.js';
export type {
  AlertCause,
  AlertContext,
  AlertProfile,
  SeriesChange,
  WorstLabels,
} from './alerting/context/alert-context.js';
export type { AlertHandlerEntry } from './alerting/alerting.options.js';
export type {
  AlertChange,
  AlertTimeline,
  BackTestOptions,
  BackTestResult,
} from './alerting/evaluation/back-test.js';
export {
  AlertmanagerHandler,
  type AlertmanagerHandlerOptions,
} from './alerting/handlers/alertmanager.handler.js';
export {
  EmailAlertHandler,
  type EmailAlertHandlerOptions,
  type MailTransport,
} from './alerting/handlers/email.handler.js';
export { type AlertLogger, LoggerAlertHandler } from './alerting/handlers/logger.handler.js';
export { SlackAlertHandler, type SlackAlertHandlerOptions } from './alerting/handlers/slack.handler.js';
export { WebhookAlertHandler, type WebhookAlertHandlerOptions } from './alerting/handlers/webhook.handler.js';
export type { AlertHandlerOptions } from './alerting/notifications/handler.options.js';
export type { InhibitRule } from './alerting/notifications/inhibition.js';
export {
  type AlertHandlerFunction,
  type AlertNotification,
  type AlertStateHandler,
  NotificationError,
  type NotificationHandler,
} from './alerting/notifications/notification.js';
export type { Silence, SilenceRequest, SilenceState } from './alerting/notifications/silences.js';
export type { RuleHealth } from './alerting/evaluation/rule-evaluator.js';
export type { RuleStatus } from './alerting/evaluation/rule-status.js';
export type {
  AlertAggregation,
  AlertCollection,
  AlertCondition,
  AlertRule,
  BurnRate,
  CollectLimit,
  AlertComparison,
  ConditionRule,
  AlertMeasurement,
  ServiceLevel,
  ServiceLevelRule,
  Severity,
} from './alerting/rules/alert-rule.js';
export type { PrometheusRulesOptions } from './alerting/rules/prometheus-rules.js';
export type { ComparisonOperator } from './query/expression.js';
export type { LabelMatcher, LabelMatchers, LabelPattern } from './query/label-matchers.js';
