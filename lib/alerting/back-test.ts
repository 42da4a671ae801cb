import type { MetricsHistory } from '../query/metrics-history.js';
import type { Clock } from '../metrics/clock.js';
import { durationMsOf, expectKeys, expectOption, MonitoringOptionsError } from '../options/option-checks.js';
import type { AlertEvent } from './alert.js';
import { isDue } from './evaluation-beat.js';
import { RuleEvaluator } from './rule-evaluator.js';
import { RuleState } from './rule-state.js';
import type { Severity } from './rules/alert-rule.js';
import type { CompiledRule } from './rules/compiled-rule.js';
import { selectionsOf } from '../query/expression.js';
import { keyOf } from '../query/label-sets.js';

/** Which part of the past a rule is tried on, and how closely. */
export interface BackTestOptions {
  /** When to begin, in milliseconds since the Unix epoch. @default as far back as the history goes */
  readonly sinceMs?: number;
  /**
   * How far evaluations are apart, in milliseconds; between samples the last one counts, as in Prometheus.
   * @default the samples at which the rule would have been evaluated
   */
  readonly stepMs?: number;
}

/** What became of an alert, and when. */
export interface AlertChange {
  /** `cleared` is one that was pending and never fired. */
  readonly type: AlertEvent['type'];
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly value: number;
  readonly message: string;
}

/** One alert that a rule would have had, by its labels, oldest change first. */
export interface AlertTimeline {
  readonly severity: Severity;
  readonly labels: Readonly<Record<string, string>>;
  readonly changes: readonly AlertChange[];
}

/** What a rule would have done. */
export interface BackTestResult {
  readonly timelines: readonly AlertTimeline[];
  /** The first and the last evaluation, in milliseconds since the Unix epoch. */
  readonly from: number;
  readonly to: number;
  /**
   * From when on all windows of the rule lay within what is remembered. Before, it saw less than its windows, as it
   * does right after a start. Undefined if the windows reach further than the history.
   */
  readonly completeFrom?: number;
  readonly evaluations: number;
  /** How many evaluations failed, which changed nothing. */
  readonly failures: number;
  readonly lastError?: string;
}

/** As many as Prometheus allows in one query over a range. */
const MOST_EVALUATIONS = 11_000;
/** So long it keeps the event loop at a time. */
const SLICE_MS = 5;

/** What a back test reads: nothing of it is changed. */
export interface BackTestSources {
  readonly history: MetricsHistory;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** How often rules are evaluated, in milliseconds. */
  readonly intervalMs: number;
}

/**
 * Evaluates rules over the samples that the history still holds, as if they had been there all the time.
 *
 * @throws {MonitoringOptionsError} for options that cannot work, or if there is no sample of any of their metrics
 */
export async function backTest(
  rules: readonly CompiledRule[],
  options: BackTestOptions,
  sources: BackTestSources,
): Promise<BackTestResult> {
  const moments = momentsOf(rules, options, sources);
  const evaluators = rules.map(
    (rule) => new RuleEvaluator(new RuleState(rule), sources.history, sources.clock),
  );
  const timelines = new Map<string, AlertTimeline & { changes: AlertChange[] }>();
  let failures = 0;
  let lastError: string | undefined;
  let sliceEnd = sources.clock.monotonic() + SLICE_MS;
  for (const at of moments) {
    if (sources.clock.monotonic() > sliceEnd) {
      await new Promise((resolve) => setImmediate(resolve));
      sliceEnd = sources.clock.monotonic() + SLICE_MS;
    }
    for (const evaluator of evaluators) {
      for (const { type, alert } of evaluator.evaluate(at)) {
        const { severity, labels, value, message } = alert;
        const key = keyOf(labels);
        const timeline = timelines.get(key) ?? { severity, labels, changes: [] };
        timelines.set(key, timeline);
        timeline.changes.push({ type, at, value, message });
      }
      lastError = evaluator.lastError ?? lastError;
    }
  }
  for (const evaluator of evaluators) failures += evaluator.failures;
  const from = moments[0];
  const to = moments.at(-1)!;
  const completeFrom = Math.max(from, ...rules.map((rule) => wholeFrom(rule, sources.history)));
  return {
    timelines: [...timelines.values()],
    from,
    to,
    ...(completeFrom <= to && { completeFrom }),
    evaluations: moments.length,
    failures,
    ...(lastError !== undefined && { lastError }),
  };
}

/** When to evaluate: there is at least one such moment. */
function momentsOf(
  rules: readonly CompiledRule[],
  options: BackTestOptions,
  { history, intervalMs }: BackTestSources,
): number[] {
  expectKeys('the options of the back test', options, ['sinceMs', 'stepMs']);
  const { sinceMs = -Infinity, stepMs } = options;
  expectOption(
    'sinceMs of the back test',
    sinceMs,
    'milliseconds since the Unix epoch',
    typeof sinceMs === 'number' && !Number.isNaN(sinceMs),
  );
  if (stepMs !== undefined) durationMsOf('stepMs of the back test', stepMs, 0);
  const metrics = [...new Set(rules.flatMap(({ retention }) => retention.map(({ metric }) => metric)))];
  const samples = [...new Set(metrics.flatMap((metric) => history.timestamps(metric)))]
    .filter((timestamp) => timestamp >= sinceMs)
    .toSorted((a, b) => a - b);
  if (samples.length === 0) {
    throw new MonitoringOptionsError(
      `There is nothing to test the alert rule "${rules[0].name}" against: the history has no sample of ${metrics.join(' or ')}${sinceMs === -Infinity ? '' : ' since then'}. It remembers what a rule, a vital, the dashboard or history.retain() asked for, from then on.`,
    );
  }
  if (stepMs === undefined) {
    let last = -Infinity;
    return samples.filter((at) => {
      const isTaken = isDue(at, last, intervalMs, history.intervalMs);
      if (isTaken) last = at;
      return isTaken;
    });
  }
  const from = Math.max(samples[0], sinceMs);
  const count = Math.floor((samples.at(-1)! - from) / stepMs) + 1;
  if (count > MOST_EVALUATIONS) {
    throw new MonitoringOptionsError(
      `Expected the back test to have at most ${MOST_EVALUATIONS} evaluations, got ${count}. Make stepMs longer, or begin later.`,
    );
  }
  return Array.from({ length: count }, (_, step) => from + step * stepMs);
}

/** From when on the history holds as much as the windows of a rule are long, of the metrics that there are. */
function wholeFrom({ expression }: CompiledRule, history: MetricsHistory): number {
  return Math.max(
    ...selectionsOf(expression).map(({ of, windowMs }) => {
      const oldest = history.timestamps(of.metric)[0];
      return oldest === undefined ? -Infinity : oldest + windowMs;
    }),
  );
}
