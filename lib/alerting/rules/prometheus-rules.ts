import type { CompiledRule } from './compiled-rule.js';
import { durationOf, promqlOf } from './promql.js';

/** The rules as the YAML of a rule file of Prometheus. */
export function prometheusRules(group: string, intervalMs: number, rules: readonly CompiledRule[]): string {
  const lines = [
    '# Here a series counts from zero at its creation. Prometheus counts it from its first scrape on, unless it runs',
    '# with --enable-feature=created-timestamp-zero-ingestion.',
  ];
  lines.push('groups:', `  - name: ${JSON.stringify(group)}`, `    interval: ${durationOf(intervalMs)}`);
  lines.push(rules.length === 0 ? '    rules: []' : '    rules:');
  for (const rule of rules) {
    if (rule.noData === 'keep') {
      lines.push(
        '      # Prometheus cannot keep alerts as they are while there is no data: there they are resolved.',
      );
    }
    lines.push(`      - alert: ${rule.name}`, `        expr: ${JSON.stringify(promqlOf(rule.expression))}`);
    if (rule.forMs > 0) lines.push(`        for: ${durationOf(rule.forMs)}`);
    if (rule.keepFiringForMs > 0) lines.push(`        keep_firing_for: ${durationOf(rule.keepFiringForMs)}`);
    lines.push('        labels:', `          severity: ${rule.severity}`);
    for (const [name, text] of Object.entries(rule.labels)) {
      lines.push(`          ${name}: ${JSON.stringify(text.toPrometheus())}`);
    }
    lines.push('        annotations:', `          summary: ${JSON.stringify(rule.message.toPrometheus())}`);
    for (const [name, text] of Object.entries(rule.annotations)) {
      if (name !== 'summary') lines.push(`          ${name}: ${JSON.stringify(text.toPrometheus())}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
