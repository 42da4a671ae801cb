import {
  expectKeys,
  expectList,
  expectObject,
  expectOption,
  MonitoringOptionsError,
} from '../options/option-checks.js';
import { group, interval, type OptionTable, readOptions, text } from '../options/option-table.js';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { InhibitRule } from './notifications/inhibition.js';
import type { AnyAlertHandler } from './notifications/notification.js';
import type { AlertRule } from './rules/alert-rule.js';
import { checkMatchers } from './rules/rule-checks.js';
import { compileRule } from './rules/rule-compiler.js';

/** An alert handler and its options. */
export interface AlertHandlerEntry extends AlertHandlerOptions {
  /** The handler: a function or a ready-made handler. */
  readonly handler: AnyAlertHandler;
}

/** Options of alerting: rules over the metrics, and the handlers that are notified of their alerts. */
export interface AlertingOptions {
  /** Interval between evaluations of the rules, in milliseconds. @default 15_000 */
  readonly intervalMs?: number;
  /** Alert rules, besides those of `thresholds`. @default [] */
  readonly rules?: readonly AlertRule[];
  /**
   * Alert handlers: functions, ready-made handlers, or either with options. Providers with `@AlertHandler()` are
   * registered by discovery.
   * @default []
   */
  readonly handlers?: readonly (AnyAlertHandler | AlertHandlerEntry)[];
  /**
   * Rules by which a firing alert suppresses notifications of other alerts: `{ source, target, equal }`, the matchers of
   * both, and the labels that they must have in common.
   * @default []
   */
  readonly inhibitRules?: readonly InhibitRule[];
  /** Path of a file in which alerts, silences and the notification log survive a restart. @default no file */
  readonly stateFile?: string;
}

/** The options of alerting with every default filled in. */
export interface ResolvedAlerting {
  readonly intervalMs: number;
  readonly rules: readonly AlertRule[];
  readonly handlers: readonly AlertHandlerEntry[];
  readonly inhibitRules: readonly InhibitRule[];
  readonly stateFile: string | undefined;
}

export const ALERTING: OptionTable<AlertingOptions, ResolvedAlerting> = {
  intervalMs: interval(15_000),
  rules: group(checkedRules),
  handlers: group((handlers: AlertingOptions['handlers'] = [], option) => {
    expectOption(option, handlers, 'an array of alert handlers', Array.isArray(handlers));
    return handlers.map((handler) => (isEntry(handler) ? handler : { handler }));
  }),
  inhibitRules: group(checkedInhibitRules),
  stateFile: text('the path of a file'),
};

/**
 * Checks the options of alerting and fills in the defaults.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveAlerting(alerting: AlertingOptions = {}): ResolvedAlerting {
  return readOptions('alerting', alerting, ALERTING);
}

function checkedRules(rules: readonly AlertRule[] = [], option: string): readonly AlertRule[] {
  expectOption(option, rules, 'an array of alert rules', Array.isArray(rules));
  // Mistakes within a rule are found here. The metrics are known only when the application has started.
  rules.forEach((rule, i) => {
    expectObject(`${option}[${i}]`, rule);
    compileRule(rule, { typeOf: () => undefined });
  });
  const names = rules.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new MonitoringOptionsError(
      `\`${option}\` has two rules named "${repeated}". Give each rule a unique name.`,
    );
  }
  return rules;
}

function checkedInhibitRules(rules: readonly InhibitRule[] = [], option: string): readonly InhibitRule[] {
  expectOption(option, rules, 'an array of inhibition rules', Array.isArray(rules));
  rules.forEach((rule, i) => {
    expectKeys(`${option}[${i}]`, rule, ['source', 'target', 'equal']);
    for (const side of ['source', 'target'] as const) {
      const path = `${option}[${i}].${side}`;
      // Matchers that are left out would match every alert.
      expectObject(path, rule[side]);
      checkMatchers(path, rule[side]);
    }
    const { equal = [] } = rule;
    expectList(`${option}[${i}].equal`, equal, 'a list of label names', (name) => typeof name === 'string');
  });
  return rules;
}

function isEntry(handler: AnyAlertHandler | AlertHandlerEntry): handler is AlertHandlerEntry {
  return typeof handler === 'object' && handler !== null && 'handler' in handler;
}
