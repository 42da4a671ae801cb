import type { MetricsHistory } from '../query/metrics-history.js';
import type { Clock } from '../metrics/clock.js';
import { messageOf } from '../primitives/message-of.js';
import type { AlertEvent } from './alert.js';
import { RuleState, type Now } from './rule-state.js';
import type { AlertRule } from './rules/alert-rule.js';
import type { CompiledRule } from './rules/compiled-rule.js';
import { evaluate, type Expression } from '../query/expression.js';
import { keyOf } from '../query/label-sets.js';
import { promqlOf } from '../query/promql.js';
import { PROCESS_CPU } from '../query/vital-expressions.js';

/** How the last evaluation of a rule went. */
export type RuleHealth = 'unknown' | 'ok' | 'err';

/** One rule that is evaluated again and again. */
export class RuleEvaluator {
  health: RuleHealth = 'unknown';
  lastError: string | undefined;
  /** Milliseconds since the Unix epoch. */
  lastEvaluation: number | undefined;
  evaluationSeconds = 0;
  evaluations = 0;
  failures = 0;

  constructor(
    readonly state: RuleState,
    private readonly history: MetricsHistory,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  get rule(): CompiledRule {
    return this.state.rule;
  }

  /** What it computes, as PromQL. */
  get expression(): string {
    return promqlOf(this.rule.expression);
  }

  /** Ends every alert: the rule is no more. */
  end(at: number): AlertEvent[] {
    return this.state.end(at, this.now(at));
  }

  /** Evaluates the rule; if that fails, its alerts stay as they are. */
  evaluate(at: number): AlertEvent[] {
    const startedAt = this.clock.monotonic();
    this.evaluations++;
    this.lastEvaluation = at;
    try {
      const found = evaluate(this.rule.expression, this.history, at);
      this.health = 'ok';
      this.lastError = undefined;
      this.noteDropped();
      if (this.keepsAll(found.length, at)) return [];
      const { events, problem } = this.state.update(found, at, this.now(at));
      if (problem !== undefined) this.fail(problem);
      return events;
    } catch (error) {
      this.fail(messageOf(error));
      return [];
    } finally {
      this.evaluationSeconds = (this.clock.monotonic() - startedAt) / 1000;
    }
  }

  /** Numbers as they are at a moment; they are computed when the first alert asks for them. */
  private now(at: number): Now {
    const read = new Map<number, Map<string, number>>();
    return {
      compared: ({ measured, series }) => {
        const expression = this.rule.measured[measured];
        if (expression === undefined) return undefined;
        let values = read.get(measured);
        if (values === undefined) read.set(measured, (values = this.valuesOf(expression, at)));
        return values.get(keyOf(series)) ?? NaN;
      },
      processCpu: () => this.valuesOf(PROCESS_CPU, at).values().next().value,
    };
  }

  /** By labels; none if they cannot be computed. */
  private valuesOf(expression: Expression, at: number): Map<string, number> {
    try {
      const found = evaluate(expression, this.history, at);
      return new Map(found.map(({ labels, value }) => [keyOf(labels), value]));
    } catch {
      return new Map();
    }
  }

  /** Whether the rule keeps its alerts since there is nothing to compare. */
  private keepsAll(found: number, at: number): boolean {
    if (this.rule.noData !== 'keep' || found > 0) return false;
    return this.rule.measured.every((of) => evaluate(of, this.history, at).length === 0);
  }

  /** A rule over samples that are not all there may be wrong, and must say so. */
  private noteDropped(): void {
    const metric = this.rule.retention.find(
      ({ metric: name }) => this.history.droppedSamples(name) > 0,
    )?.metric;
    if (metric === undefined) return;
    this.fail(
      `not every series of ${metric} has room in the history: raise history.maxBytes, or ask for a shorter window`,
    );
  }

  private fail(reason: string): void {
    this.health = 'err';
    this.lastError = reason;
    this.failures++;
  }
}

/** What was made of one rule that somebody gave. It has its metrics remembered until it ends. */
export class RuleSet {
  readonly evaluators: readonly RuleEvaluator[];
  private readonly releases: readonly (() => void)[];

  constructor(
    readonly given: AlertRule,
    compiled: readonly CompiledRule[],
    history: MetricsHistory,
    clock: Pick<Clock, 'monotonic'>,
  ) {
    this.evaluators = compiled.map((rule) => new RuleEvaluator(new RuleState(rule), history, clock));
    this.releases = compiled.flatMap(({ retention }) => retention.map((request) => history.retain(request)));
  }

  /** Gives back the memory of its metrics. */
  end(): void {
    for (const release of this.releases) release();
  }
}
