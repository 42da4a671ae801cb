import type { MetricsHistory } from '../../query/metrics-history.js';
import type { Clock } from '../../metrics/clock.js';
import { messageOf } from '../../primitives/error-message.js';
import type { AlertEvent } from '../alert.js';
import type { CurrentValues } from './active-alert.js';
import { AlertStates, type AlertsUpdate } from './alert-states.js';
import type { CompiledRule } from '../rules/compiled-rule.js';
import { combinesSeries, evaluate, type Expression } from '../../query/expression.js';
import { keyOf } from '../../query/label-sets.js';
import { promqlOf } from '../../query/promql.js';
import { PROCESS_CPU } from '../../query/vital-definitions.js';

/** The result of the last evaluation of a rule: `err` if it failed, `unknown` before the first one. */
export type RuleHealth = 'unknown' | 'ok' | 'err';

/** The alerts of a rule whose state is certain. If it is `firing`, others may have ended for want of series only. */
export type AlertCertainty = 'all' | 'firing' | 'none';

/** An evaluator of one compiled rule over the history. {@link AlertStates} changes the states of its alerts. */
export class RuleEvaluator {
  health: RuleHealth = 'unknown';
  lastError: string | undefined;
  /** The time of the last evaluation, in milliseconds since the Unix epoch. */
  lastEvaluation: number | undefined;
  /** The duration of the last evaluation, in seconds. */
  evaluationSeconds = 0;
  evaluations = 0;
  failures = 0;
  /** The alerts whose state is known since the last evaluation. */
  certainty: AlertCertainty = 'all';

  readonly alerts: AlertStates;

  constructor(
    readonly rule: CompiledRule,
    private readonly history: MetricsHistory,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {
    this.alerts = new AlertStates(rule);
  }

  /** The expression of the rule in PromQL. */
  get expression(): string {
    return promqlOf(this.rule.expression);
  }

  /** Resolves every alert of the rule, which is removed. */
  resolveAlerts(at: number): AlertEvent[] {
    return this.alerts.resolveAll(at, this.currentValues(at));
  }

  /** Evaluates the rule. Its alerts stay unchanged if the expression fails; above its limit it has none. */
  evaluate(at: number): AlertEvent[] {
    const startedAt = this.clock.monotonic();
    this.evaluations++;
    this.lastEvaluation = at;
    try {
      const found = evaluate(this.rule.expression, this.history, at);
      const missing = this.missingSeriesError(at);
      const { events, error }: AlertsUpdate = this.keepsAll(found.length, at)
        ? { events: [] }
        : this.alerts.update(found, at, this.currentValues(at));
      if (error !== undefined) this.complete('none', error);
      else if (missing === undefined) this.complete('all');
      else this.complete(combinesSeries(this.rule.expression) ? 'none' : 'firing', missing);
      return events;
    } catch (error) {
      this.complete('none', messageOf(error));
      return [];
    } finally {
      this.evaluationSeconds = (this.clock.monotonic() - startedAt) / 1000;
    }
  }

  /** Returns the values of a time. They are computed on first use. */
  private currentValues(at: number): CurrentValues {
    const cache = new Map<number, Map<string, number>>();
    return {
      measuredValue: ({ measured, series }) => {
        const expression = this.rule.measured[measured];
        if (expression === undefined) return undefined;
        let values = cache.get(measured);
        if (values === undefined) cache.set(measured, (values = this.valuesOf(expression, at)));
        return values.get(keyOf(series)) ?? NaN;
      },
      processCpu: () => this.valuesOf(PROCESS_CPU, at).values().next().value,
    };
  }

  /** Returns the values of an expression by label set; none if they cannot be computed. */
  private valuesOf(expression: Expression, at: number): Map<string, number> {
    try {
      const found = evaluate(expression, this.history, at);
      return new Map(found.map(({ labels, value }) => [keyOf(labels), value]));
    } catch {
      return new Map();
    }
  }

  /** Returns true if the rule keeps its alerts because there is no data. */
  private keepsAll(found: number, at: number): boolean {
    if (this.rule.noData !== 'keep' || found > 0) return false;
    return this.rule.measured.every((of) => evaluate(of, this.history, at).length === 0);
  }

  /** Returns an error if the history lacks series of the rule. */
  private missingSeriesError(at: number): string | undefined {
    const metric = this.rule.retention.find(({ metric: name, windowMs = 0 }) =>
      this.history.lacksSeries(name, windowMs, { at }),
    )?.metric;
    if (metric === undefined) return undefined;
    return `the history has no room for every series of ${metric}; raise history.maxBytes or use a shorter window`;
  }

  /** Completes an evaluation, which counts as one failure if it has an error. */
  private complete(certainty: AlertCertainty, error?: string): void {
    this.certainty = certainty;
    this.health = error === undefined ? 'ok' : 'err';
    this.lastError = error;
    if (error !== undefined) this.failures++;
  }
}
