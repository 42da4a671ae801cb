import type { Alert } from '../alert.js';
import type { RuleEvaluator, RuleHealth } from './rule-evaluator.js';
import type { Severity } from '../rules/alert-rule.js';
import type { CompiledRule } from '../rules/compiled-rule.js';

/** The status of a rule. */
export interface RuleStatus {
  /** The name of the rule. */
  readonly name: string;
  readonly severity: Severity;
  /** The state of its most advanced alert. */
  readonly state: 'inactive' | 'pending' | 'firing';
  /** The result of the last evaluation. */
  readonly health: RuleHealth;
  /** The error of the last evaluation, if it failed. */
  readonly lastError?: string;
  /** The expression in PromQL. */
  readonly expression: string;
  /** The time that the condition must hold before an alert fires, in milliseconds. */
  readonly forMs: number;
  /** The time that an alert keeps firing after the condition no longer holds, in milliseconds. */
  readonly keepFiringForMs: number;
  /** The time of the last evaluation, in milliseconds since the Unix epoch; undefined before the first. */
  readonly lastEvaluation?: number;
  /** The duration of the last evaluation, in seconds. */
  readonly evaluationSeconds: number;
  /** The number of evaluations. */
  readonly evaluations: number;
  /** The number of failed evaluations. */
  readonly failures: number;
  /** The compiled rule. */
  readonly rule: CompiledRule;
  /** Its alerts, recently resolved ones included. */
  readonly alerts: readonly Alert[];
}

/** Returns the status of the rule of an evaluator. */
export function statusOf(evaluator: RuleEvaluator): RuleStatus {
  const { rule, alerts, health, lastError, lastEvaluation, evaluationSeconds, evaluations, failures } =
    evaluator;
  return {
    name: rule.name,
    severity: rule.severity,
    state: alerts.mostAdvanced,
    health,
    ...(lastError !== undefined && { lastError }),
    expression: evaluator.expression,
    forMs: rule.forMs,
    keepFiringForMs: rule.keepFiringForMs,
    ...(lastEvaluation !== undefined && { lastEvaluation }),
    evaluationSeconds,
    evaluations,
    failures,
    rule,
    alerts: alerts.all(),
  };
}
