import type { CompiledRule } from './compiled-rule.js';
import { durationOf, promqlOf } from '../../query/promql.js';

/** The rules as the YAML of a rule file of Prometheus. */
export function prometheusRules(group: string, intervalMs: number, rules: readonly CompiledRule[]): string {
  const lines = [
    '# Here a series counts from zero at its creation. Prometheus counts it from its first scrape on, unless it runs',
    '# with --enable-feature=created-timestamp-zero-ingestion.',
    'groups:',
    `  - name: ${yamlText(group)}`,
    `    interval: ${durationOf(intervalMs)}`,
  ];
  lines.push(rules.length === 0 ? '    rules: []' : '    rules:');
  for (const rule of rules) {
    if (rule.noData === 'keep') {
      lines.push(
        '      # Prometheus cannot keep alerts as they are while there is no data: there they are resolved.',
      );
    }
    lines.push(
      `      - alert: ${yamlName(rule.name)}`,
      `        expr: ${yamlText(promqlOf(rule.expression))}`,
    );
    if (rule.forMs > 0) lines.push(`        for: ${durationOf(rule.forMs)}`);
    if (rule.keepFiringForMs > 0) lines.push(`        keep_firing_for: ${durationOf(rule.keepFiringForMs)}`);
    lines.push('        labels:', `          severity: ${rule.severity}`);
    for (const [name, text] of Object.entries(rule.labels)) {
      lines.push(`          ${yamlName(name)}: ${yamlText(text.toPrometheus())}`);
    }
    lines.push('        annotations:', `          summary: ${yamlText(rule.message.toPrometheus())}`);
    for (const [name, text] of Object.entries(rule.annotations)) {
      if (name !== 'summary') lines.push(`          ${yamlName(name)}: ${yamlText(text.toPrometheus())}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

/** A text in double quotes; what YAML takes for the end of a line or does not take at all is escaped. */
function yamlText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A name; some of them are no texts in YAML. */
function yamlName(name: string): string {
  return /^(null|true|false|yes|no|on|off|y|n)$/i.test(name) ? `"${name}"` : name;
}
