import { type Alert, fingerprintOf } from '../alert.js';
import type { CompiledRule } from '../rules/compiled-rule.js';
import type { Finding } from '../../query/expression.js';
import { keyOf } from '../../query/label-sets.js';
import type { TemplateData } from '../rules/template.js';
import { withoutEmptyLabels } from '../../metrics/labels.js';

/** An alert of a rule, as it is kept between evaluations. */
export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  /** The labels of the series, without those of the rule. */
  readonly series: Readonly<Record<string, string>>;
  /** The index of the measured expression that was compared; -1 for none. */
  readonly measured: number;
  state: 'pending' | 'firing' | 'resolved';
  value: number;
  message: string;
  annotations: Readonly<Record<string, string>>;
  activeAt: number;
  firedAt?: number | undefined;
  resolvedAt?: number | undefined;
  /** The time since which the condition no longer holds, while the alert keeps firing. */
  keepFiringSince?: number | undefined;
  /** The time until which a restored alert is kept without data. */
  heldUntil?: number | undefined;
}

/** The current values that the texts of an alert depend on. */
export interface CurrentValues {
  /** Returns the measured value of an alert: NaN without data, undefined if none was compared. */
  readonly measuredValue: (alert: ActiveAlert) => number | undefined;
  /** Returns the number of CPUs that the process keeps busy; undefined if it is unknown. */
  readonly processCpu: () => number | undefined;
}

/**
 * Returns the alerts of the results of an evaluation, as pending ones, by label set.
 *
 * @throws {Error} if two alerts have the same labels
 */
export function activeAlertsOf(
  rule: CompiledRule,
  found: readonly Finding[],
  at: number,
  { processCpu }: CurrentValues,
): Map<string, ActiveAlert> {
  const { name, severity, labels: templates, measured } = rule;
  const alerts = new Map<string, ActiveAlert>();
  for (const { labels: series, value, of } of found) {
    const data = { value, labels: series, processCpu };
    const labels = withoutEmptyLabels({
      ...series,
      severity,
      ...Object.fromEntries(Object.entries(templates).map(([label, text]) => [label, text.render(data)])),
      alertname: name,
    });
    const key = keyOf(labels);
    if (alerts.has(key))
      throw new Error(`it has two alerts with the same labels, ${key}; add a label that tells them apart`);
    alerts.set(key, {
      labels,
      fingerprint: fingerprintOf(labels),
      series,
      measured: of === undefined ? -1 : measured.indexOf(of),
      state: 'pending',
      value,
      ...renderTexts(rule, data),
      activeAt: at,
    });
  }
  return alerts;
}

/** Resolves an alert. Its texts show the current value. */
export function resolveAlert(
  rule: CompiledRule,
  alert: ActiveAlert,
  at: number,
  values: CurrentValues,
): void {
  alert.state = 'resolved';
  alert.resolvedAt = at;
  const value = values.measuredValue(alert);
  if (value === undefined) return;
  if (Number.isNaN(value)) {
    alert.message = `No data; last message: ${alert.message}`;
    return;
  }
  const data = { value, labels: alert.series, processCpu: values.processCpu };
  Object.assign(alert, { value, ...renderTexts(rule, data) });
}

/** Returns an alert in its public form. */
export function toAlert(rule: CompiledRule, alert: ActiveAlert): Alert {
  const { labels, fingerprint, state, value, message, annotations, activeAt, firedAt, resolvedAt } = alert;
  return {
    rule: rule.name,
    severity: rule.severity,
    message,
    state,
    value,
    labels,
    annotations,
    fingerprint,
    activeAt,
    ...(firedAt !== undefined && { firedAt }),
    ...(resolvedAt !== undefined && { resolvedAt }),
  };
}

/** Renders the message and the annotations of an alert. */
function renderTexts(
  { message, annotations }: CompiledRule,
  data: TemplateData,
): Pick<ActiveAlert, 'message' | 'annotations'> {
  return {
    message: message.render(data),
    annotations: Object.fromEntries(
      Object.entries(annotations).map(([name, text]) => [name, text.render(data)]),
    ),
  };
}
