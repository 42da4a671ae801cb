import type { MetricsHistory } from '../../query/metrics-history.js';
import type { Clock } from '../../metrics/clock.js';
import {
  durationMsOf,
  expectKeys,
  expectOption,
  MonitoringOptionsError,
} from '../../options/option-checks.js';
import { yieldToEventLoop } from '../../primitives/yield-to-event-loop.js';
import type { AlertEvent } from '../alert.js';
import { isDue } from './evaluation-schedule.js';
import { RuleEvaluator } from './rule-evaluator.js';
import type { Severity } from '../rules/alert-rule.js';
import type { CompiledRule } from '../rules/compiled-rule.js';
import { selectionsOf } from '../../query/expression.js';
import { keyOf } from '../../query/label-sets.js';

/** Options of a back test: its start and its resolution. */
export interface BackTestOptions {
  /** Start of the back test, in milliseconds since the Unix epoch. @default the oldest sample of the history */
  readonly from?: number;
  /**
   * Time between two evaluations, in milliseconds. Between samples the last one counts, as in Prometheus.
   * @default the samples at which the rule would have been evaluated
   */
  readonly stepMs?: number;
}

/** A state change of an alert in a back test. */
export interface AlertChange {
  /** The new state. `cleared` means that the alert was pending and never fired. */
  readonly type: AlertEvent['type'];
  /** The time of the change, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** The value of the alert. */
  readonly value: number;
  /** The message of the alert. */
  readonly message: string;
}

/** The state changes of one alert in a back test. */
export interface AlertTimeline {
  readonly severity: Severity;
  /** The labels of the alert. */
  readonly labels: Readonly<Record<string, string>>;
  /** The state changes, oldest first. */
  readonly changes: readonly AlertChange[];
}

/** The result of a back test: the alerts that a rule would have had. */
export interface BackTestResult {
  /** The state changes of each alert. */
  readonly timelines: readonly AlertTimeline[];
  /** The time of the first evaluation, in milliseconds since the Unix epoch. */
  readonly from: number;
  /** The time of the last evaluation, in milliseconds since the Unix epoch. */
  readonly to: number;
  /**
   * The time from which the history covers every window of the rule, in milliseconds since the Unix epoch. Earlier
   * evaluations saw less than their windows, as right after a start. Undefined if the history never covers them.
   */
  readonly completeFrom?: number;
  /** The number of evaluations. */
  readonly evaluations: number;
  /** The number of failed evaluations. */
  readonly failures: number;
  /** The error of the last failed evaluation. */
  readonly lastError?: string;
}

/** Maximum number of evaluations, as in a range query of Prometheus. */
const MAX_EVALUATIONS = 11_000;
/** The time after which a back test yields to the event loop. */
const SLICE_MS = 5;

/** The data that a back test reads. */
export interface BackTestSources {
  readonly history: MetricsHistory;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** The interval between evaluations of rules, in milliseconds. */
  readonly intervalMs: number;
}

/** A timeline to which changes are added. */
interface OpenTimeline extends AlertTimeline {
  readonly changes: AlertChange[];
}

/** The times of the evaluations, of which there is at least one. */
interface EvaluationTimes {
  readonly times: readonly number[];
  readonly from: number;
  readonly to: number;
}

/**
 * Evaluates compiled rules over the samples of the history, as if they had been added before.
 *
 * @throws {MonitoringOptionsError} for invalid options, or if there is no sample of any of the metrics
 */
export async function backTest(
  rules: readonly CompiledRule[],
  options: BackTestOptions,
  sources: BackTestSources,
): Promise<BackTestResult> {
  const { times, from, to } = evaluationTimes(rules, options, sources);
  const evaluators = rules.map((rule) => new RuleEvaluator(rule, sources.history, sources.clock));
  const timelines = new Map<string, OpenTimeline>();
  let failures = 0;
  let lastError: string | undefined;
  let sliceEnd = sources.clock.monotonic() + SLICE_MS;
  for (const at of times) {
    if (sources.clock.monotonic() > sliceEnd) {
      await yieldToEventLoop();
      sliceEnd = sources.clock.monotonic() + SLICE_MS;
    }
    for (const evaluator of evaluators) {
      for (const event of evaluator.evaluate(at)) addChange(timelines, event, at);
      lastError = evaluator.lastError ?? lastError;
    }
  }
  for (const evaluator of evaluators) failures += evaluator.failures;
  const completeFrom = Math.max(from, ...rules.map((rule) => coveredFrom(rule, sources.history)));
  return {
    timelines: [...timelines.values()],
    from,
    to,
    ...(completeFrom <= to && { completeFrom }),
    evaluations: times.length,
    failures,
    ...(lastError !== undefined && { lastError }),
  };
}

function addChange(timelines: Map<string, OpenTimeline>, { type, alert }: AlertEvent, at: number): void {
  const { severity, labels, value, message } = alert;
  const key = keyOf(labels);
  const timeline = timelines.get(key) ?? { severity, labels, changes: [] };
  timelines.set(key, timeline);
  timeline.changes.push({ type, at, value, message });
}

function evaluationTimes(
  rules: readonly CompiledRule[],
  options: BackTestOptions,
  { history, intervalMs }: BackTestSources,
): EvaluationTimes {
  expectKeys('the options of the back test', options, ['from', 'stepMs']);
  const { from: start = -Infinity, stepMs } = options;
  const isTime = typeof start === 'number' && !Number.isNaN(start);
  expectOption('from of the back test', start, 'milliseconds since the Unix epoch', isTime);
  if (stepMs !== undefined) durationMsOf('stepMs of the back test', stepMs, 0);
  const metrics = [...new Set(rules.flatMap(({ retention }) => retention.map(({ metric }) => metric)))];
  const samples = [...new Set(metrics.flatMap((metric) => history.timestamps(metric)))]
    .filter((timestamp) => timestamp >= start)
    .toSorted((a, b) => a - b);
  const first = samples.at(0);
  const last = samples.at(-1);
  if (first === undefined || last === undefined) {
    const names = [...new Set(rules.map(({ name }) => name))].join(', ');
    throw new MonitoringOptionsError(
      `The alert rule "${names}" cannot be tested: the history has no sample of ${metrics.join(' or ')}${start === -Infinity ? '' : ' since `from`'}. It retains the metrics of rules, vitals and the dashboard, and those passed to history.retain(), from that call on.`,
    );
  }
  if (stepMs === undefined) {
    const times = dueSamples(samples, intervalMs, history.intervalMs);
    return { times, from: first, to: times.at(-1) ?? first };
  }
  const from = Math.max(first, start);
  const count = Math.floor((last - from) / stepMs) + 1;
  if (count > MAX_EVALUATIONS) {
    throw new MonitoringOptionsError(
      `The back test must have at most ${MAX_EVALUATIONS} evaluations; got ${count}. Use a longer \`stepMs\` or a later \`from\`.`,
    );
  }
  const times = Array.from({ length: count }, (_, step) => from + step * stepMs);
  return { times, from, to: times.at(-1) ?? from };
}

/** Returns the samples at which rules are evaluated. The first sample is always among them. */
function dueSamples(samples: readonly number[], intervalMs: number, sampleIntervalMs: number): number[] {
  let last = -Infinity;
  return samples.filter((at) => {
    const due = isDue(at, last, intervalMs, sampleIntervalMs);
    if (due) last = at;
    return due;
  });
}

/** Returns the time from which the history covers every window of a rule, for the metrics that exist. */
function coveredFrom({ expression }: CompiledRule, history: MetricsHistory): number {
  return Math.max(
    ...selectionsOf(expression).map(({ of, windowMs }) => {
      const oldest = history.timestamps(of.metric).at(0);
      return oldest === undefined ? -Infinity : oldest + windowMs;
    }),
  );
}
