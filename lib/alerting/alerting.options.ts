import { expectKeys, expectOption, intervalMsOf, MonitoringOptionsError } from '../options/option-checks.js';
import type { AlertHandlerOptions } from './notifications/handler.options.js';
import type { InhibitRule } from './notifications/inhibition.js';
import type { AnyAlertHandler } from './notifications/notification.js';
import type { AlertRule } from './rules/alert-rule.js';
import { checkMatchers } from './rules/rule-checks.js';
import { compileRule } from './rules/rule-compiler.js';

/** A handler with what it is told of, and how. */
export interface AlertHandlerEntry extends AlertHandlerOptions {
  readonly handler: AnyAlertHandler;
}

/** Rules over the metrics, and who is told of what they find. */
export interface AlertingOptions {
  /** How often rules are evaluated, in milliseconds. @default 15_000 */
  readonly intervalMs?: number;
  /** @default [] */
  readonly rules?: readonly AlertRule[];
  /** Functions, ready-made handlers, or either with options. Providers with `@AlertHandler()` are found. @default [] */
  readonly handlers?: readonly (AnyAlertHandler | AlertHandlerEntry)[];
  /** Which alerts are not worth telling of while others fire. @default [] */
  readonly inhibitRules?: readonly InhibitRule[];
  /** A file in which alerts, silences and what was told survive a restart. @default none */
  readonly stateFile?: string;
}

/** Alerting with every default filled in. */
export interface ResolvedAlerting {
  readonly intervalMs: number;
  readonly rules: readonly AlertRule[];
  readonly handlers: readonly AlertHandlerEntry[];
  readonly inhibitRules: readonly InhibitRule[];
  readonly stateFile: string | undefined;
}

/** @throws {MonitoringOptionsError} */
export function resolveAlerting(alerting: AlertingOptions = {}): ResolvedAlerting {
  expectKeys('alerting', alerting, ['intervalMs', 'rules', 'handlers', 'inhibitRules', 'stateFile']);
  const { rules = [], handlers = [], inhibitRules = [], stateFile } = alerting;
  expectOption('alerting.rules', rules, 'a list', Array.isArray(rules));
  // What a rule is wrong about is said now; which metrics there are is known only when the application has started.
  for (const rule of rules) compileRule(rule, { typeOf: () => undefined });
  const names = rules.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) {
    throw new MonitoringOptionsError(
      `alerting.rules has two rules "${repeated}". Give each a name of its own.`,
    );
  }
  expectOption('alerting.handlers', handlers, 'a list', Array.isArray(handlers));
  expectOption('alerting.inhibitRules', inhibitRules, 'a list', Array.isArray(inhibitRules));
  inhibitRules.forEach((rule, i) => {
    expectKeys(`alerting.inhibitRules[${i}]`, rule, ['source', 'target', 'equal']);
    checkMatchers(`source of alerting.inhibitRules[${i}]`, rule.source);
    checkMatchers(`target of alerting.inhibitRules[${i}]`, rule.target);
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
