import { expectKeys, expectOption, intervalMsOf, MonitoringOptionsError } from '../options/option-checks.js';
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
  /** Alert rules. @default [] */
  readonly rules?: readonly AlertRule[];
  /**
   * Alert handlers: functions, ready-made handlers, or either with options. Providers with `@AlertHandler()` are
   * registered by discovery.
   * @default []
   */
  readonly handlers?: readonly (AnyAlertHandler | AlertHandlerEntry)[];
  /** Rules by which a firing alert suppresses notifications of other alerts. @default [] */
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

/**
 * Checks the options of alerting and fills in the defaults.
 *
 * @throws {MonitoringOptionsError}
 */
export function resolveAlerting(alerting: AlertingOptions = {}): ResolvedAlerting {
  expectKeys('alerting', alerting, ['intervalMs', 'rules', 'handlers', 'inhibitRules', 'stateFile']);
  const { rules = [], handlers = [], inhibitRules = [], stateFile } = alerting;
  expectOption('alerting.rules', rules, 'an array of alert rules', Array.isArray(rules));
  // Mistakes within a rule are found here. The metrics are known only when the application has started.
  for (const rule of rules) compileRule(rule, { typeOf: () => undefined });
  const names = rules.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new MonitoringOptionsError(
      `\`alerting.rules\` has two rules named "${repeated}". Give each rule a unique name.`,
    );
  }
  expectOption('alerting.handlers', handlers, 'an array of alert handlers', Array.isArray(handlers));
  expectOption(
    'alerting.inhibitRules',
    inhibitRules,
    'an array of inhibition rules',
    Array.isArray(inhibitRules),
  );
  inhibitRules.forEach((rule, i) => {
    expectKeys(`alerting.inhibitRules[${i}]`, rule, ['source', 'target', 'equal']);
    checkMatchers(`alerting.inhibitRules[${i}].source`, rule.source);
    checkMatchers(`alerting.inhibitRules[${i}].target`, rule.target);
  });
  const isFile = stateFile === undefined || (typeof stateFile === 'string' && stateFile !== '');
  expectOption('alerting.stateFile', stateFile, 'the path of a file', isFile);
  return {
    intervalMs: intervalMsOf('alerting.intervalMs', alerting.intervalMs, 15_000),
    rules,
    handlers: handlers.map((handler) => (isEntry(handler) ? handler : { handler })),
    inhibitRules,
    stateFile,
  };
}

function isEntry(handler: AnyAlertHandler | AlertHandlerEntry): handler is AlertHandlerEntry {
  return typeof handler === 'object' && handler !== null && 'handler' in handler;
}
