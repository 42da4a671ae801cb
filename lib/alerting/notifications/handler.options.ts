import { type LabelMatchers, labelTest, matchersOf } from '../../query/label-matchers.js';
import { expectList } from '../../options/option-checks.js';
import { optionOf } from '../../options/option-descriptions.js';
import { count, duration, flag, group, type OptionTable, readOptions } from '../../options/option-table.js';
import type { Severity } from '../rules/alert-rule.js';
import { checkMatchers, SEVERITIES } from '../rules/rule-checks.js';

/** Options of an alert handler: its filter, grouping, limits and retries. */
export interface AlertHandlerOptions {
  /** Name of the handler in metrics and logs. @default the name of the function or class */
  readonly name?: string;
  /** Severities of the alerts that the handler receives: `critical`, `warning`, `info`. @default all */
  readonly severities?: readonly Severity[];
  /** Matchers of the labels of the alerts that the handler receives, such as `{ team: 'shop' }`. @default no filter */
  readonly matchers?: LabelMatchers;
  /**
   * Labels by which alerts are grouped into one notification.
   * @default one notification for each alert for a function, `['alertname']` for other handlers
   */
  readonly groupBy?: readonly string[];
  /** Time that a new group waits for further alerts, in milliseconds. @default 0 */
  readonly groupWaitMs?: number;
  /** Minimum time between two notifications of a group, in milliseconds. @default 0 */
  readonly groupIntervalMs?: number;
  /** Time after which a notification of unchanged firing alerts is repeated, in milliseconds. @default 14_400_000 */
  readonly repeatIntervalMs?: number;
  /**
   * True if the handler is notified of resolved alerts.
   * @default true; false for Alertmanager, where alerts expire, since the alert may still fire on another instance
   */
  readonly sendResolved?: boolean;
  /** Time limit of one call of the handler, in milliseconds. @default 10_000 */
  readonly timeoutMs?: number;
  /**
   * Number of retries in a row, after pauses that double from 0.5 s on, or that the receiver asks for. If all of them fail,
   * an evaluation tries again after a minute.
   * @default 3
   */
  readonly retries?: number;
  /** Maximum number of notifications that are queued or in flight. Further ones are dropped until there is room. @default 100 */
  readonly maxQueuedNotifications?: number;
}

/** The options of an alert handler with every default filled in. */
export interface ResolvedHandlerOptions {
  /** Returns true if the handler receives an alert. */
  readonly accepts: (alert: {
    readonly severity: Severity;
    readonly labels: Readonly<Record<string, string>>;
  }) => boolean;
  /** Undefined to notify of each alert on its own. */
  readonly groupBy: readonly string[] | undefined;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly sendResolved: boolean;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly maxQueuedNotifications: number;
}

export const HANDLER: OptionTable<
  AlertHandlerOptions,
  Required<Omit<AlertHandlerOptions, 'name' | 'groupBy'>> & AlertHandlerOptions
> = {
  // Checked with the handler that it is the name of.
  name: group((name: string | undefined) => name),
  severities: group((severities: readonly Severity[] = SEVERITIES, option) => {
    expectList(option, severities, `an array of ${SEVERITIES.join(', ')}`, isSeverity);
    return severities;
  }),
  matchers: group((matchers: LabelMatchers = {}, option) => {
    checkMatchers(option, matchers);
    return matchers;
  }),
  groupBy: group((labels: readonly string[] | undefined, option) => {
    if (labels === undefined) return undefined;
    expectList(option, labels, 'an array of label names', (name) => typeof name === 'string');
    return labels;
  }),
  groupWaitMs: count(0, 0),
  groupIntervalMs: count(0, 0),
  repeatIntervalMs: duration(4 * 3_600_000),
  sendResolved: flag(true),
  timeoutMs: duration(10_000),
  retries: count(3, 0),
  maxQueuedNotifications: count(100),
};

/**
 * Checks the options of an alert handler and fills in the defaults.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveHandlerOptions(
  owner: string,
  options: AlertHandlerOptions,
  { sendResolved = true }: Pick<AlertHandlerOptions, 'sendResolved'> = {},
): ResolvedHandlerOptions {
  const table: typeof HANDLER = { ...HANDLER, sendResolved: flag(sendResolved) };
  const { severities, matchers, groupBy, ...resolved } = readOptions(owner, options, table, (key) =>
    optionOf(owner, key),
  );
  const matches = labelTest(matchersOf(matchers));
  return {
    ...resolved,
    accepts: (alert) => severities.includes(alert.severity) && matches(alert.labels),
    groupBy,
  };
}

function isSeverity(value: unknown): boolean {
  return SEVERITIES.some((severity) => severity === value);
}
