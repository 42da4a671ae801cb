import {
  type Convention,
  type ConventionByDomain,
  conventionOfAll,
  CONVENTIONS,
} from '../../metrics/conventions/conventions.js';
import { expectKeys, expectOption } from '../../options/option-checks.js';
import { ConventionalNames } from '../../query/conventional-names.js';
import { type LabelMatchers, matchersOf } from '../../query/label-matchers.js';
import { durationOf, promqlOf } from '../../query/promql.js';
import { expectTargetLabels, exportedLabel, TARGET_LABELS, withLabels } from '../../query/target-labels.js';
import type { CompiledRule } from './compiled-rule.js';
import { checkMatchers } from './rule-checks.js';
import type { Template } from './template.js';

/** Options of the rules as a Prometheus rule file. */
export interface PrometheusRulesOptions {
  /** Name of the group of the rules. @default 'nestjs-monitoring' */
  readonly group?: string;
  /**
   * Matchers of the series of this application in Prometheus, such as `{ job: 'shop' }`, which every selector gets. Without
   * them, the rules are about all applications that Prometheus scrapes.
   * @default {}
   */
  readonly matchers?: LabelMatchers;
  /**
   * Names of the metrics in Prometheus, as the option `conventions` of the module: `prometheus`, `otel` or `both`.
   * @default those that the metrics endpoint gives them
   */
  readonly conventions?: Convention;
  /**
   * Names of the labels that Prometheus gives to the target. A label of a metric with such a name is `exported_…` there.
   * Empty for a scrape with `honor_labels`. @default ['job', 'instance']
   */
  readonly targetLabels?: readonly string[];
}

const OPTION_NAMES: readonly (keyof PrometheusRulesOptions)[] = [
  'group',
  'matchers',
  'conventions',
  'targetLabels',
];

/**
 * Returns rules as a Prometheus rule file in YAML.
 *
 * @param configured conventions of the metrics endpoint
 * @throws {MonitoringOptionsError} if an option is unknown or invalid
 */
export function prometheusRules(
  rules: readonly CompiledRule[],
  intervalMs: number,
  configured: ConventionByDomain,
  options: PrometheusRulesOptions,
): string {
  expectKeys('the options of toPrometheusRules', options, OPTION_NAMES);
  const { group = 'nestjs-monitoring', conventions, targetLabels = TARGET_LABELS, matchers = {} } = options;
  expectTargetLabels('targetLabels', targetLabels);
  checkMatchers('matchers', matchers);
  const isKnown = conventions === undefined || CONVENTIONS.includes(conventions);
  expectOption('conventions', conventions, "'prometheus', 'otel' or 'both'", isKnown);
  const names = new ConventionalNames(conventions === undefined ? configured : conventionOfAll(conventions));
  const labelOf = exportedLabel(targetLabels);
  const scope = matchersOf(matchers);
  const lines = [
    '# These rules expect a series to count from zero at its creation. Prometheus counts from its first scrape, unless it',
    '# runs with --enable-feature=created-timestamp-zero-ingestion and the application has the option createdTimestamps of',
    '# exporters.prometheus.',
    'groups:',
    `  - name: ${yamlText(group)}`,
    `    interval: ${durationOf(intervalMs)}`,
  ];
  lines.push(rules.length === 0 ? '    rules: []' : '    rules:');
  for (const rule of rules) {
    const textOf = (template: Template): string =>
      yamlText(template.toPrometheus(names, rule.expression, labelOf, scope));
    if (rule.noData === 'keep') {
      lines.push(
        '      # noData: keep has no equivalent in Prometheus, which resolves alerts that have no data.',
      );
    }
    lines.push(
      `      - alert: ${yamlName(rule.name)}`,
      `        expr: ${yamlText(promqlOf(withLabels(names.translate(rule.expression), labelOf), scope))}`,
    );
    if (rule.forMs > 0) lines.push(`        for: ${durationOf(rule.forMs)}`);
    if (rule.keepFiringForMs > 0) lines.push(`        keep_firing_for: ${durationOf(rule.keepFiringForMs)}`);
    lines.push('        labels:', `          severity: ${rule.severity}`);
    for (const [name, text] of Object.entries(rule.labels)) {
      lines.push(`          ${yamlName(name)}: ${textOf(text)}`);
    }
    lines.push('        annotations:', `          summary: ${textOf(rule.message)}`);
    for (const [name, text] of Object.entries(rule.annotations)) {
      if (name !== 'summary') lines.push(`          ${yamlName(name)}: ${textOf(text)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Returns a YAML string in double quotes. Escapes line separators, and characters that YAML does not allow. */
function yamlText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Returns a YAML string for a name. Quotes names that YAML reads as a boolean or null. */
function yamlName(name: string): string {
  return /^(null|true|false|yes|no|on|off|y|n)$/i.test(name) ? `"${name}"` : name;
}
