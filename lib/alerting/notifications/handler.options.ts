import { type LabelMatchers, labelTest, matchersOf } from '../../query/label-matchers.js';
import { booleanOf, countOf, durationMsOf, expectKeys, expectOption } from '../../options/option-checks.js';
import type { Severity } from '../rules/alert-rule.js';
import { checkMatchers, SEVERITIES } from '../rules/rule-checks.js';

/** What a handler is told of, and how. */
export interface AlertHandlerOptions {
  /** What it is called in metrics and logs. @default the name of the function or class */
  readonly name?: string;
  /** Only alerts of these severities. @default all */
  readonly severities?: readonly Severity[];
  /** Only alerts with such labels. @default all */
  readonly labels?: LabelMatchers;
  /**
   * Alerts that are equal in these labels are told of together.
   * @default each alone for a function, `['alertname']` for other handlers
   */
  readonly groupBy?: readonly string[];
  /** How long to wait for more alerts of a new group, in milliseconds. @default 0 */
  readonly groupWaitMs?: number;
  /** How long to wait at least before telling of changes of a group, in milliseconds. @default 0 */
  readonly groupIntervalMs?: number;
  /** After this time it is told again of what still fires, in milliseconds. @default 14_400_000, 4 h */
  readonly repeatIntervalMs?: number;
  /**
   * Whether it is told that alerts are over. @default true; false for Alertmanager, where alerts expire: of several
   * instances with the same alert one may be well again while another is not
   */
  readonly sendResolved?: boolean;
  /** How long it may take to be told, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
  /** How often it is tried again at once, with growing pauses or those that the receiver asks for. @default 3 */
  readonly retries?: number;
  /** How many groups may wait to be told of; others are not, until there is room. @default 100 */
  readonly queueLimit?: number;
}

export interface ResolvedHandlerOptions {
  readonly wants: (alert: {
    readonly severity: Severity;
    readonly labels: Readonly<Record<string, string>>;
  }) => boolean;
  readonly groupBy: readonly string[] | undefined;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly sendResolved: boolean;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly queueLimit: number;
}

const KEYS: readonly (keyof AlertHandlerOptions)[] = [
  'name',
  'severities',
  'labels',
  'groupBy',
  'groupWaitMs',
  'groupIntervalMs',
  'repeatIntervalMs',
  'sendResolved',
  'timeoutMs',
  'retries',
  'queueLimit',
];

/** @throws {MonitoringOptionsError} */
export function resolveHandlerOptions(
  owner: string,
  options: AlertHandlerOptions,
  defaults: Pick<AlertHandlerOptions, 'sendResolved'> = {},
): ResolvedHandlerOptions {
  expectKeys(owner, options, KEYS);
  const { severities = SEVERITIES, labels = {}, groupBy } = options;
  const known = Array.isArray(severities) && severities.every((severity) => SEVERITIES.includes(severity));
  expectOption(`severities of ${owner}`, severities, `a list of ${SEVERITIES.join(', ')}`, known);
  checkMatchers(`labels of ${owner}`, labels);
  const isList =
    groupBy === undefined || (Array.isArray(groupBy) && groupBy.every((name) => typeof name === 'string'));
  expectOption(`groupBy of ${owner}`, groupBy, 'a list of label names', isList);
  const matches = labelTest(matchersOf(labels));
  return {
    wants: (alert) => severities.includes(alert.severity) && matches(alert.labels),
    groupBy,
    groupWaitMs: countOf(`groupWaitMs of ${owner}`, options.groupWaitMs, 0, 0),
    groupIntervalMs: countOf(`groupIntervalMs of ${owner}`, options.groupIntervalMs, 0, 0),
    repeatIntervalMs: durationMsOf(`repeatIntervalMs of ${owner}`, options.repeatIntervalMs, 4 * 3_600_000),
    sendResolved: booleanOf(`sendResolved of ${owner}`, options.sendResolved, defaults.sendResolved ?? true),
    timeoutMs: durationMsOf(`timeoutMs of ${owner}`, options.timeoutMs, 10_000),
    retries: countOf(`retries of ${owner}`, options.retries, 3, 0),
    queueLimit: countOf(`queueLimit of ${owner}`, options.queueLimit, 100),
  };
}
