import type { MetricsHistory } from '../../query/metrics-history.js';
import type { Clock } from '../../metrics/clock.js';
import { MonitoringOptionsError } from '../../options/option-checks.js';
import type { Alert, AlertEvent } from '../alert.js';
import { RuleEvaluator } from './rule-evaluator.js';
import { RESOLVED_RETENTION_MS } from './alert-states.js';
import type { AlertRule } from '../rules/alert-rule.js';
import type { CompiledRule, KnownMetrics } from '../rules/compiled-rule.js';
import { assertKnown, compileRule } from '../rules/rule-compiler.js';

/** A registered rule with its evaluators, one for each severity. The history retains its metrics until it is released. */
class RegisteredRule {
  readonly evaluators: readonly RuleEvaluator[];
  private readonly releases: readonly (() => void)[];

  constructor(
    readonly definition: AlertRule,
    compiled: readonly CompiledRule[],
    history: MetricsHistory,
    clock: Pick<Clock, 'monotonic'>,
  ) {
    this.evaluators = compiled.map((rule) => new RuleEvaluator(rule, history, clock));
    this.releases = compiled.flatMap(({ retention }) => retention.map((request) => history.retain(request)));
  }

  /** Ends the retention of its metrics. */
  release(): void {
    for (const release of this.releases) release();
  }
}

/** A registry of alert rules by name. */
export class RuleRegistry {
  private readonly rules = new Map<string, RegisteredRule>();
  private isStarted = false;
  /** The functions that add what was deferred. */
  private deferred: (() => void)[] = [];
  /** Resolved alerts of removed rules, kept until handlers had time to be notified. */
  private orphans: Alert[] = [];

  constructor(
    private readonly history: MetricsHistory,
    private readonly known: KnownMetrics,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  /** Calls a function that adds rules before the rules are used the next time, or by {@link settle}. */
  defer(add: () => void): void {
    this.deferred.push(add);
  }

  /** Adds the rules that were deferred. */
  settle(): void {
    for (const add of this.deferred.splice(0)) add();
  }

  /**
   * Adds a rule.
   *
   * @throws {MonitoringOptionsError} for an invalid rule or a name in use
   */
  add(rule: AlertRule): void {
    this.settle();
    const registered = this.register(rule);
    if (this.rules.has(rule.name)) {
      registered.release();
      throw new MonitoringOptionsError(
        `There is already an alert rule named "${rule.name}". Call replaceAlertRule() to replace it, or choose another name.`,
      );
    }
    this.rules.set(rule.name, registered);
  }

  /**
   * Adds a rule, or replaces the one of the same name. The new rule adopts the alerts of the old one.
   *
   * @returns the state changes of alerts that the new rule does not have
   * @throws {MonitoringOptionsError} for an invalid rule; the old one stays
   */
  replace(rule: AlertRule, at: number): AlertEvent[] {
    this.settle();
    const registered = this.register(rule);
    const previous = this.rules.get(rule.name);
    this.rules.set(rule.name, registered);
    if (previous === undefined) return [];
    const events: AlertEvent[] = [];
    const successors = new Map(
      registered.evaluators.map((evaluator) => [evaluator.rule.severity, evaluator]),
    );
    const removed: RuleEvaluator[] = [];
    for (const evaluator of previous.evaluators) {
      const successor = successors.get(evaluator.rule.severity);
      if (successor === undefined) removed.push(evaluator);
      else events.push(...successor.alerts.adopt(evaluator.alerts, at));
    }
    events.push(...this.retire(removed, at));
    previous.release();
    return events;
  }

  /** Removes a rule. @returns the state changes of its alerts; undefined if there is no such rule */
  remove(name: string, at: number): AlertEvent[] | undefined {
    this.settle();
    const registered = this.rules.get(name);
    if (registered === undefined) return undefined;
    this.rules.delete(name);
    const events = this.retire(registered.evaluators, at);
    registered.release();
    return events;
  }

  /** Returns the definition of a rule. */
  definitionOf(name: string): AlertRule | undefined {
    this.settle();
    return this.rules.get(name)?.definition;
  }

  /** Returns the names of all rules. */
  names(): string[] {
    this.settle();
    return [...this.rules.keys()];
  }

  /** Returns the evaluators of all rules. */
  evaluators(): RuleEvaluator[] {
    this.settle();
    return this.registered();
  }

  /** Returns all alerts, those of recently removed rules included. */
  alerts(): Alert[] {
    return [...this.evaluators().flatMap(({ alerts }) => alerts.all()), ...this.orphans];
  }

  /**
   * Starts the registry. From now on every metric of a rule must exist. Deferred rules stay deferred.
   *
   * @throws {MonitoringOptionsError} if a metric does not exist
   */
  start(): void {
    for (const { rule } of this.registered()) assertKnown(rule, this.known);
    this.isStarted = true;
    // Compiled again: a metric that was unknown before may be a histogram.
    for (const [name, registered] of this.rules) {
      registered.release();
      this.rules.set(name, this.register(registered.definition));
    }
  }

  /** Removes the alerts of removed rules after the retention of resolved alerts. */
  removeExpiredOrphans(at: number): void {
    this.orphans = this.orphans.filter(({ resolvedAt = at }) => at - resolvedAt <= RESOLVED_RETENTION_MS);
  }

  /** Ends the retention of the metrics of all rules. */
  release(): void {
    for (const registered of this.rules.values()) registered.release();
  }

  /**
   * Compiles a rule without adding it.
   *
   * @throws {MonitoringOptionsError} for an invalid rule, or a metric that does not exist
   */
  compile(rule: AlertRule): CompiledRule[] {
    const compiled = compileRule(rule, this.known);
    for (const one of compiled) assertKnown(one, this.known);
    return compiled;
  }

  private registered(): RuleEvaluator[] {
    return [...this.rules.values()].flatMap(({ evaluators }) => evaluators);
  }

  private register(rule: AlertRule): RegisteredRule {
    const compiled = this.isStarted ? this.compile(rule) : compileRule(rule, this.known);
    return new RegisteredRule(rule, compiled, this.history, this.clock);
  }

  private retire(evaluators: readonly RuleEvaluator[], at: number): AlertEvent[] {
    return evaluators.flatMap((evaluator) => {
      const events = evaluator.resolveAlerts(at);
      this.orphans.push(...evaluator.alerts.all().filter(({ firedAt }) => firedAt !== undefined));
      return events;
    });
  }
}
