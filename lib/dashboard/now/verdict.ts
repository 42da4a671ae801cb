import type { AlertRow } from '../alert-rows.js';
import { severityOf } from './failure-share.js';
import {
  causeOfFailures,
  isAbout,
  isConsequence,
  isCritical,
  isDown,
  type PartState,
  recentFailures,
  type VerdictCause,
  type VerdictFacts,
  worstCheck,
} from './verdict-facts.js';
import {
  figure,
  MAX_CAUSE,
  milliseconds,
  moreRoutes,
  nameOf,
  percent,
  type SentencePart,
  sentenceOf,
  shareOfFailures,
  shortCause,
  silenceOf,
  shortened,
  timesOf,
  withoutPeriod,
} from './verdict-text.js';

/** The state of the application in a sentence. */
export interface Verdict {
  /** Unknown without samples. */
  readonly state: 'ok' | 'warning' | 'critical' | 'unknown';
  /** The sentence, with times in UTC. */
  readonly text: string;
  readonly parts: readonly SentencePart[];
  /** The route that it is about. */
  readonly route?: { readonly method: string; readonly route: string };
  /** Name of the alert rule or health check that it is about, which need not be repeated. */
  readonly about?: string;
  /** Names of the parts of the application that are not normal. */
  readonly disturbed?: readonly string[];
}

/** Number of requests below which a percentage says less than the numbers. */
const FEW_REQUESTS = 10;
/** Duration from which on the slowest operation is worth a word, in milliseconds. */
const SLOW_MS = 100;
/** The kinds of causes that name something to look at. */
const NAMED: ReadonlySet<string> = new Set([
  'slow_call',
  'repeated_calls',
  'pool',
  'blocked_event_loop',
  'waiting_for_event_loop',
]);

/** Returns the state of the application in a sentence: what fails, since when, why, and what is normal. */
export function verdictOf(facts: VerdictFacts): Verdict {
  const draft =
    moreSevereThanPast(facts) ??
    failingRoute(facts) ??
    failedOperation(facts) ??
    checkOrAlert(facts) ??
    withoutFailure(facts);
  const normal = normalParts(facts.parts);
  const disturbed = facts.parts.filter(({ problem }) => problem !== undefined);
  const parts = [
    ...draft.parts,
    ...disturbed.flatMap(({ problem = '', lastAt }): SentencePart[] =>
      draft.isIn(problem) ? [] : ['; ', problem, ...(lastAt === undefined ? [] : [' at ', { at: lastAt }])],
    ),
    ...(normal === '' ? [] : ['; ', normal]),
    '.',
  ];
  return {
    state: draft.state,
    ...sentenceOf(parts),
    ...(draft.route && { route: draft.route }),
    ...(draft.about !== undefined && { about: draft.about }),
    ...(disturbed.length > 0 && { disturbed: disturbed.map(({ name }) => name) }),
  };
}

class Draft {
  constructor(
    readonly state: Verdict['state'],
    readonly parts: readonly SentencePart[],
    readonly route?: Verdict['route'],
    readonly about?: string,
  ) {}

  isIn(text: string): boolean {
    return this.parts.some((part) => typeof part === 'string' && part.includes(text));
  }
}

function failingRoute(facts: VerdictFacts): Draft | undefined {
  const { failing, alsoFailing, traffic, causes, alerts, rulesOfFailures } = facts;
  if (failing === undefined) return undefined;
  const { method, route, share, failures, requests, since, until, silentSince } = failing;
  const name = nameOf(`${method} ${route}`);
  const own = alerts.find(({ rule, labels }) => rulesOfFailures.has(rule) && isAbout(labels, failing));
  const severity = severityOf(failing, traffic.routes);
  if (severity === undefined && own === undefined) return undefined;
  const isOver = until !== undefined;
  const check = worstCheck(facts.health);
  const isSevere = (severity === 'critical' && !isOver) || isDown(check);
  const critical = alerts.filter(isCritical);
  const other = critical.find((each) => !isConsequence(each, facts));
  // A consequence need not be told, unless nothing else is as severe as the sentence.
  const consequence = isSevere || other !== undefined ? undefined : critical[0];
  const amount = requests < FEW_REQUESTS ? `${failures} of ${requests} requests` : percent(share);
  const cause = causeOfFailures(causes, failing);
  return new Draft(
    isSevere || critical.length > 0 ? 'critical' : 'warning',
    [
      ...(requests < FEW_REQUESTS
        ? [`${amount} of `, name, isOver ? ' failed' : ' have failed']
        : [name, isOver ? ` failed ${amount}` : ` has failed ${amount}`]),
      ...(isOver ? timesOf(since, until) : [' since ', { at: since }]),
      ...silenceOf(until, silentSince),
      cause === undefined ? '' : `: ${shortCause(cause.cause.text)}`,
      isOver ? '' : moreRoutes(alsoFailing),
      check === undefined ? '' : `; health check ${check.name} is ${check.status}`,
      ...(other === undefined ? [] : ['; ', ...messageOf(other)]),
      ...(consequence === undefined ? [] : ['; alert ', nameOf(consequence.rule), ' fires']),
    ],
    { method, route },
    (own ?? other ?? consequence)?.rule,
  );
}

/**
 * Returns what goes on and matters more than failures that are over: a check that is down, an alert that has come after them,
 * or a critical one that is no consequence of them.
 */
function moreSevereThanPast(facts: VerdictFacts): Draft | undefined {
  const { failing } = facts;
  if (failing?.until === undefined) return undefined;
  if (isDown(worstCheck(facts.health))) return failingCheck(facts);
  const { until } = failing;
  const alerts = facts.alerts.filter(
    (alert) => !isConsequence(alert, facts) && (isCritical(alert) || alert.activeAt > until),
  );
  return firingAlert({ ...facts, alerts });
}

/** Returns what records say of failures before a sample has counted them; what is critical matters more. */
function failedOperation(facts: VerdictFacts): Draft | undefined {
  const { traffic, health, alerts } = facts;
  const failed = recentFailures(facts);
  const [cause] = failed;
  if (cause === undefined || traffic.failures > 0 || traffic.requests >= FEW_REQUESTS) return undefined;
  if (isDown(worstCheck(health)) || alerts.some(isCritical)) return undefined;
  const others = new Set(failed.map(({ name }) => name)).size - 1;
  return new Draft('warning', [
    nameOf(cause.name),
    ` fails: ${shortCause(cause.cause.text)}`,
    others > 0 ? `; ${others} more ${others === 1 ? 'operation fails' : 'operations fail'}` : '',
  ]);
}

/** Returns a failing check, or a critical alert if no check is down. */
function checkOrAlert(facts: VerdictFacts): Draft | undefined {
  const [check, alert] = [failingCheck(facts), firingAlert(facts)];
  return check === undefined || (check.state !== 'critical' && alert?.state === 'critical') ? alert : check;
}

function failingCheck(facts: VerdictFacts): Draft | undefined {
  const worst = worstCheck(facts.health);
  if (worst === undefined) return undefined;
  const { name, status, message, others } = worst;
  const since = facts.healthSince.get(name);
  const [cause] = recentFailures(facts);
  return new Draft(
    isDown(worst) ? 'critical' : 'warning',
    [
      `Health check ${name} is ${status}`,
      ...(since === undefined ? [] : [' since ', { at: since }]),
      `: ${shortened(withoutPeriod(message), MAX_CAUSE)}`,
      others > 0 ? `; ${others} more ${others === 1 ? 'check fails' : 'checks fail'}` : '',
      ...(cause === undefined ? [] : ['; ', ...causeWithName(cause)]),
    ],
    undefined,
    name,
  );
}

function causeWithName({ name, cause }: VerdictCause): SentencePart[] {
  return [nameOf(name), `: ${shortCause(cause.text)}`];
}

function firingAlert({ alerts, causes, traffic }: VerdictFacts): Draft | undefined {
  const [alert] = alerts;
  if (alert === undefined) return undefined;
  const likely = causes.find(({ hasFailed }) => hasFailed === traffic.failures > 0);
  const cause = alert.cause === undefined ? likely && causeWithName(likely) : [shortCause(alert.cause)];
  const found = traffic.routes.find((route) => isAbout(alert.labels, route));
  return new Draft(
    isCritical(alert) ? 'critical' : 'warning',
    [
      ...messageOf(alert),
      ...(cause === undefined ? [] : ['; ', ...cause]),
      alerts.length > 1
        ? `; ${alerts.length - 1} more ${alerts.length === 2 ? 'alert fires' : 'alerts fire'}`
        : '',
    ],
    found && { method: found.method, route: found.route },
    alert.rule,
  );
}

function messageOf({ message, since }: AlertRow): SentencePart[] {
  return [`${shortened(withoutPeriod(message), MAX_CAUSE)}, since `, { at: since }];
}

function withoutFailure({ traffic, failing, alsoFailing, p95, causes }: VerdictFacts): Draft {
  const { requests, windowMs } = traffic;
  const minutes = `the last ${Math.max(1, Math.round(windowMs / 60_000))} min`;
  if (requests === 0)
    return new Draft('ok', [windowMs === 0 ? 'Waiting for the first requests' : `No requests in ${minutes}`]);
  const perSecond = requests / (windowMs / 1000);
  const slow = causes.find(
    ({ hasFailed, maxDurationMs, cause: { kind } }) =>
      !hasFailed && maxDurationMs >= SLOW_MS && NAMED.has(kind),
  );
  return new Draft('ok', [
    ...shareOfFailures(traffic, { failing, alsoFailing }),
    `: ${figure(perSecond)} requests/s over ${minutes}`,
    p95 === undefined ? '' : `, 95 % of them within ${milliseconds(p95 * 1000)}`,
    ...(slow === undefined
      ? []
      : [
          '; the slowest was ',
          nameOf(slow.name),
          ` with ${milliseconds(slow.maxDurationMs)}: ${shortCause(slow.cause.text)}`,
        ]),
  ]);
}

function normalParts(parts: readonly PartState[]): string {
  const names = parts.flatMap(({ name, problem }) => (problem === undefined ? [name] : []));
  if (names.length === 0) return '';
  const last = names.at(-1);
  return names.length === 1 ? `${last} is normal` : `${names.slice(0, -1).join(', ')} and ${last} are normal`;
}
