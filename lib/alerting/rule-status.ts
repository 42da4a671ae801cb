import type { Alert } from './alert.js';
import type { RuleEvaluator, RuleHealth } from './rule-evaluator.js';
import type { Severity } from './rules/alert-rule.js';
import type { CompiledRule } from './rules/compiled-rule.js';

/** A rule and how it goes with it. */
export interface RuleStatus {
  readonly name: string;
  readonly severity: Severity;
  readonly state: 'inactive' | 'pending' | 'firing';
  /** `err` if the last evaluation failed. */
  readonly health: RuleHealth;
  readonly lastError?: string;
  /** In PromQL. */
  readonly expression: string;
  readonly forMs: number;
  readonly keepFiringForMs: number;
  /** Milliseconds since the Unix epoch; undefined before the first. */
  readonly lastEvaluation?: number;
  readonly evaluationSeconds: number;
  readonly evaluations: number;
  readonly failures: number;
  readonly rule: CompiledRule;
  readonly alerts: readonly Alert[];
}

export function statusOf(evaluator: RuleEvaluator): RuleStatus {
  const { rule, state, health, lastError, lastEvaluation, evaluationSeconds, evaluations, failures } =
    evaluator;
  return {
    name: rule.name,
    severity: rule.severity,
    state: state.state,
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
    alerts: state.alerts(),
  };
}
