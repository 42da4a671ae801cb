import type { HealthReport } from '../../health/health-report.js';
import type { AlertRow } from '../alert-rows.js';
import type { FailurePeriod, RouteTraffic, Traffic } from './traffic.js';

/** A cause of slow or failed operations, as the records of operations know it. */
export interface VerdictCause {
  readonly name: string;
  readonly hasFailed: boolean;
  readonly cause: { readonly kind: string; readonly text: string };
  readonly maxDurationMs: number;
  /** Start of the last of them, in milliseconds since the Unix epoch. */
  readonly lastAt: number;
}

/** A part of the application, such as its database. */
export interface PartState {
  readonly name: string;
  /** Undefined while it is normal. */
  readonly problem: string | undefined;
  /** Time at which the problem was there last, in milliseconds since the Unix epoch; undefined while it is there. */
  readonly lastAt?: number;
}

/** The facts that a verdict is made of. */
export interface VerdictFacts {
  /** The present, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly health: HealthReport;
  /** The alerts that fire and are not suppressed, the most severe first. */
  readonly alerts: readonly AlertRow[];
  /** Names of the alert rules about requests or the errors in them. */
  readonly rulesOfRequests: ReadonlySet<string>;
  /** Names of those that count failed requests or errors. */
  readonly rulesOfFailures: ReadonlySet<string>;
  /** Interval between evaluations of alert rules, in milliseconds. */
  readonly evaluationIntervalMs: number;
  readonly traffic: Traffic;
  /**
   * The failures of the route that fails most, now and by a share that is worth a word; of another one, or those that are
   * just over or that nobody has asked since, if none does.
   */
  readonly failing: (RouteTraffic & FailurePeriod) | undefined;
  /** Number of other routes that fail now. */
  readonly alsoFailing: number;
  readonly causes: readonly VerdictCause[];
  readonly parts: readonly PartState[];
  /** 95th percentile of the response times, in seconds. */
  readonly p95: number | undefined;
  /** Time since which a health check has its status, by name, in milliseconds since the Unix epoch. */
  readonly healthSince: ReadonlyMap<string, number>;
}

/** Age from which on a failure is not recent, in milliseconds. */
const OLD_MS = 120_000;

/** Returns the causes of recent failures, the most frequent one first. */
export function recentFailures({ causes, at }: Pick<VerdictFacts, 'causes' | 'at'>): VerdictCause[] {
  // One of much later was recorded before the clock was set back.
  return causes.filter(
    ({ hasFailed, lastAt, maxDurationMs }) =>
      hasFailed && lastAt + maxDurationMs > at - OLD_MS && lastAt < at + OLD_MS,
  );
}

/** Returns the cause of the failures of a route: of those that were recorded since they began, the most frequent one. */
export function causeOfFailures(
  causes: readonly VerdictCause[],
  { method, route, since }: Pick<RouteTraffic, 'method' | 'route'> & Pick<FailurePeriod, 'since'>,
): VerdictCause | undefined {
  return causes.find(
    ({ hasFailed, name, lastAt, maxDurationMs }) =>
      hasFailed && name === `${method} ${route}` && lastAt + maxDurationMs >= since,
  );
}

/**
 * Returns true if an alert is about the failing route, or about the requests of all routes and its condition came with the
 * failures: it may fire later, and what happened before their end is evaluated up to an interval after it.
 */
export function isConsequence(
  { labels, rule, activeAt }: AlertRow,
  { failing, rulesOfRequests, evaluationIntervalMs }: VerdictFacts,
): boolean {
  if (failing === undefined) return false;
  if (labels['route'] !== undefined) return isAbout(labels, failing);
  const { since, until = Infinity } = failing;
  return rulesOfRequests.has(rule) && activeAt >= since && activeAt <= until + evaluationIntervalMs;
}

/** Returns true if the labels of an alert are those of a route. */
export function isAbout(
  labels: AlertRow['labels'],
  { method, route }: Pick<RouteTraffic, 'method' | 'route'>,
): boolean {
  return labels['route'] === route && (labels['method'] ?? method) === method;
}

/** Returns true if an alert is critical. */
export function isCritical({ severity }: AlertRow): boolean {
  return severity === 'critical';
}

/** A health check that is not healthy. */
export interface FailingCheck {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  /** Number of other checks that fail. */
  readonly others: number;
}

/** Returns the health check with the worst status; undefined if all are healthy. */
export function worstCheck({ checks }: HealthReport): FailingCheck | undefined {
  const failing = Object.entries(checks).filter(([, { status }]) => status !== 'healthy');
  const [worst] = failing.toSorted(([, a], [, b]) => rank(b.status) - rank(a.status));
  return worst && { name: worst[0], ...worst[1], others: failing.length - 1 };
}

/** Returns true if a health check is not merely degraded. */
export function isDown(check: FailingCheck | undefined): boolean {
  return check !== undefined && rank(check.status) > rank('degraded');
}

function rank(status: string): number {
  return ['healthy', 'degraded', 'unhealthy', 'critical'].indexOf(status);
}
