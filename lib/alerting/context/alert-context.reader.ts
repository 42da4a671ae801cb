import { HTTP_METRICS } from '../../metrics/metric-names.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import type { Alert } from '../alert.js';
import type { AlertCause, AlertContext, CauseSource, SeriesChange, WorstLabels } from './alert-context.js';
import { changedSeries, readerOf } from './changed-series.js';

/** Shortest window that is compared with the one before, in milliseconds: a few samples. */
const MIN_WINDOW_MS = 60_000;
const MAX_WINDOW_MS = 15 * 60_000;
const MAX_CAUSES = 5;
const MAX_WORST = 5;
/** The start of the status codes of failed requests. */
const FAILED_STATUS = /^5/;
/** The metrics of durations and of the event loop, whose alerts are about slow operations, failed or not. */
const DURATION = /_duration_seconds$|^nodejs_eventloop_/;

/** The parts of a rule that its context depends on. */
export interface AlertingRule {
  readonly longestWindowMs: number;
  readonly retention: readonly { readonly metric: string }[];
}

/**
 * Reads the context of a firing alert. Yields often. The causes are read before the first time it yields, since each
 * turn of the event loop may take long during an incident.
 *
 * @param at time of the evaluation, in milliseconds since the Unix epoch
 * @param onContext called with the causes alone, if there are any, and with the whole context
 */
export function* readAlertContext(
  { labels }: Pick<Alert, 'labels'>,
  { longestWindowMs, retention }: AlertingRule,
  at: number,
  history: MetricsHistory,
  causesOf: CauseSource,
  onContext: (context: AlertContext) => void,
): Generator<void, void, void> {
  const windowMs = Math.min(Math.max(longestWindowMs, MIN_WINDOW_MS), MAX_WINDOW_MS);
  const metrics = new Set(retention.map(({ metric }) => metric));
  const isAboutDuration = metrics.size > 0 && [...metrics].every((metric) => DURATION.test(metric));
  const relevant = relevantCauses(causesOf(), labels, isAboutDuration);
  const causes = relevant.slice(0, MAX_CAUSES);
  const traceId = causes[0]?.traceId;
  if (causes.length > 0) {
    onContext({
      summary: summaryOf(relevant, undefined, undefined),
      causes,
      worst: [],
      changes: [],
      traceId,
    });
  }
  yield;
  const worst: WorstLabels[] = [];
  for (const metric of metrics) {
    worst.push(...worstOf(history, metric, labels, windowMs, at));
    yield;
  }
  const ranked = worst.toSorted((a, b) => b.share - a.share).slice(0, MAX_WORST);
  const changes = yield* changedSeries(history, windowMs, at);
  onContext({
    summary: summaryOf(relevant, ranked[0], changes[0]),
    causes,
    worst: ranked,
    changes,
    traceId,
  });
}

/** Returns the causes with the operations that the labels of the alert name, or else all; of an alert about a duration or the event loop, the slowest first. */
function relevantCauses(
  causes: readonly AlertCause[],
  { method, route }: Readonly<Record<string, string>>,
  isAboutDuration: boolean,
): readonly AlertCause[] {
  const matching = causes.filter(
    ({ name }) =>
      (route !== undefined || method !== undefined) &&
      (route === undefined || name.endsWith(` ${route}`)) &&
      (method === undefined || name.startsWith(`${method} `)),
  );
  const relevant = matching.length > 0 ? matching : causes;
  return isAboutDuration ? relevant.toSorted((a, b) => b.maxDurationMs - a.maxDurationMs) : relevant;
}

/** Returns the largest part of a metric by each label that the alert does not name. */
function worstOf(
  history: MetricsHistory,
  metric: string,
  named: Readonly<Record<string, string>>,
  windowMs: number,
  at: number,
): WorstLabels[] {
  const read = readerOf(history, metric);
  const readings = read(windowMs, at).filter(({ labels }) =>
    Object.entries(named).every(([name, value]) => !Object.hasOwn(labels, name) || labels[name] === value),
  );
  const failed =
    metric === HTTP_METRICS.requests
      ? readings.filter(({ labels, value }) => value > 0 && FAILED_STATUS.test(labels['status_code'] ?? ''))
      : [];
  const counted = failed.length > 0 ? failed : readings;
  const whole = counted.reduce((sum, { value }) => sum + value, 0);
  const names = new Set(counted.flatMap(({ labels }) => Object.keys(labels)));
  return [...names].flatMap((name) => {
    const parts = new Map<string, number>();
    for (const { labels, value } of counted) {
      const part = labels[name];
      if (part !== undefined) parts.set(part, (parts.get(part) ?? 0) + value);
    }
    const [largest] = [...parts].toSorted(([, a], [, b]) => b - a);
    if (largest === undefined || parts.size < 2 || !(whole > 0)) return [];
    const [part, value] = largest;
    return [{ metric, labels: { [name]: part }, value, share: value / whole }];
  });
}

function summaryOf(
  causes: readonly AlertCause[],
  worst: WorstLabels | undefined,
  change: SeriesChange | undefined,
): string {
  const [cause] = causes;
  if (cause !== undefined) return `${cause.name}${shareOfFailures(cause, causes)}: ${cause.text}`;
  if (worst !== undefined) {
    return `${Math.round(worst.share * 100)} % of ${worst.metric} has ${labelsText(worst.labels)}.`;
  }
  if (change !== undefined) {
    const { metric, labels, before, now } = change;
    return `${metric}{${labelsText(labels)}} changed most, from ${figure(before)} to ${figure(now)}.`;
  }
  return 'Nothing else has changed.';
}

/** Returns the share that a cause has in the failures whose records are kept; empty for one of slow operations. */
function shareOfFailures({ hasFailed, count }: AlertCause, causes: readonly AlertCause[]): string {
  if (!hasFailed) return '';
  const failures = causes.reduce((sum, each) => sum + (each.hasFailed ? each.count : 0), 0);
  if (failures === 1) return ' (the last failure)';
  return ` (${Math.round((100 * count) / failures)} % of the last ${failures} failures)`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ');
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
