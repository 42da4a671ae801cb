import type { CompiledRule } from './compiled-rule.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import type { Template } from './template.js';
import { durationOf, promqlOf } from '../../query/promql.js';
import { withLabels } from '../../query/target-labels.js';

/**
 * Returns rules as a Prometheus rule file in YAML.
 *
 * @param names names of the metrics in Prometheus
 * @param labelOf what a label of a metric is called there
 */
export function prometheusRules(
  group: string,
  intervalMs: number,
  rules: readonly CompiledRule[],
  names: ConventionalNames,
  labelOf: (label: string) => string,
): string {
  const lines = [
    '# These rules expect a series to count from zero at its creation. Prometheus counts from its first scrape, unless it',
    '# runs with --enable-feature=created-timestamp-zero-ingestion.',
    'groups:',
    `  - name: ${yamlText(group)}`,
    `    interval: ${durationOf(intervalMs)}`,
  ];
  lines.push(rules.length === 0 ? '    rules: []' : '    rules:');
  for (const rule of rules) {
    const textOf = (template: Template): string =>
      yamlText(template.toPrometheus(names, rule.expression, labelOf));
    if (rule.noData === 'keep') {
      lines.push(
        '      # noData: keep has no equivalent in Prometheus, which resolves alerts that have no data.',
      );
    }
    lines.push(
      `      - alert: ${yamlName(rule.name)}`,
      `        expr: ${yamlText(promqlOf(withLabels(names.translate(rule.expression), labelOf)))}`,
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
