import type { MetricsHistory } from '../query/metrics-history.js';
import type { Clock } from '../metrics/clock.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import type { Alert, AlertEvent } from './alert.js';
import { type RuleEvaluator, RuleSet } from './rule-evaluator.js';
import { RESOLVED_RETENTION_MS } from './rule-state.js';
import type { AlertRule } from './rules/alert-rule.js';
import type { CompiledRule, KnownMetrics } from './rules/compiled-rule.js';
import { assertKnown, compileRule } from './rules/rule-compiler.js';

/** The rules that are evaluated, by name, as they come and go. */
export class RuleBook {
  private readonly sets = new Map<string, RuleSet>();
  private isOpen = false;
  /** Alerts of rules that were removed, as long as handlers may not know that they are over. */
  private orphans: Alert[] = [];

  constructor(
    private readonly history: MetricsHistory,
    private readonly known: KnownMetrics,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  /** @throws {MonitoringOptionsError} if it cannot work, or if there is a rule of this name */
  add(rule: AlertRule): void {
    const set = this.setOf(rule);
    if (this.sets.has(rule.name)) {
      set.end();
      throw new MonitoringOptionsError(
        `There is an alert rule "${rule.name}" already. Replace it with replaceAlertRule(), or choose another name.`,
      );
    }
    this.sets.set(rule.name, set);
  }

  /**
   * Puts a rule in the place of the one of the same name, if there is one, and hands its alerts on to it.
   *
   * @returns what became of alerts that have no place in it
   * @throws {MonitoringOptionsError} if it cannot work; the one before is then still there
   */
  replace(rule: AlertRule, at: number): AlertEvent[] {
    const set = this.setOf(rule);
    const previous = this.sets.get(rule.name);
    this.sets.set(rule.name, set);
    if (previous === undefined) return [];
    const events: AlertEvent[] = [];
    for (const { state } of set.evaluators) {
      const same = previous.evaluators.find(({ rule: { severity } }) => severity === state.rule.severity);
      if (same !== undefined) events.push(...state.takeOver(same.state, at));
    }
    const severities = new Set(set.evaluators.map((evaluator) => evaluator.rule.severity));
    const gone = previous.evaluators.filter((evaluator) => !severities.has(evaluator.rule.severity));
    events.push(...this.retire(gone, at));
    previous.end();
    return events;
  }

  /** @returns what became of its alerts; undefined if there is no such rule */
  remove(name: string, at: number): AlertEvent[] | undefined {
    const set = this.sets.get(name);
    if (set === undefined) return undefined;
    this.sets.delete(name);
    const events = this.retire(set.evaluators, at);
    set.end();
    return events;
  }

  /** As it was given. */
  given(name: string): AlertRule | undefined {
    return this.sets.get(name)?.given;
  }

  evaluators(): RuleEvaluator[] {
    return [...this.sets.values()].flatMap(({ evaluators }) => evaluators);
  }

  /** Also those of rules that were removed lately. */
  alerts(): Alert[] {
    return [...this.evaluators().flatMap(({ state }) => state.alerts()), ...this.orphans];
  }

  /** From now on every metric of a rule has to be there. @throws {MonitoringOptionsError} if one is not */
  open(): void {
    for (const { rule } of this.evaluators()) assertKnown(rule, this.known);
    this.isOpen = true;
    // Histograms may have come into being since the rules were given, and are computed otherwise.
    for (const [name, { given }] of this.sets) {
      this.sets.get(name)?.end();
      this.sets.set(name, this.setOf(given));
    }
  }

  /** Forgets alerts of rules that were removed when everybody had time to be told. */
  forgetOrphans(at: number): void {
    this.orphans = this.orphans.filter(({ resolvedAt = at }) => at - resolvedAt <= RESOLVED_RETENTION_MS);
  }

  /** Gives back the memory of all metrics. */
  end(): void {
    for (const set of this.sets.values()) set.end();
  }

  /**
   * What is made of a rule, without taking it in.
   *
   * @throws {MonitoringOptionsError} if it cannot work, or is about a metric that does not exist
   */
  compiled(rule: AlertRule): CompiledRule[] {
    const compiled = compileRule(rule, this.known);
    for (const one of compiled) assertKnown(one, this.known);
    return compiled;
  }

  private setOf(rule: AlertRule): RuleSet {
    const compiled = this.isOpen ? this.compiled(rule) : compileRule(rule, this.known);
    return new RuleSet(rule, compiled, this.history, this.clock);
  }

  private retire(evaluators: readonly RuleEvaluator[], at: number): AlertEvent[] {
    return evaluators.flatMap((evaluator) => {
      const events = evaluator.end(at);
      this.orphans.push(...evaluator.state.alerts().filter(({ firedAt }) => firedAt !== undefined));
      return events;
    });
  }
}
