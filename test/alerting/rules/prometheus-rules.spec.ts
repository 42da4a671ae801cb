import { describe, expect, it } from '@jest/globals';
import type { AlertRule } from 'nestjs-monitoring';
import type { PrometheusRulesOptions } from 'nestjs-monitoring/alerting';
import { parse } from 'yaml';
import { queueRule, testAlerting } from '../support.js';

interface RuleFile {
  readonly groups: readonly [
    {
      readonly rules: readonly {
        readonly expr: string;
        readonly annotations: { readonly summary: string };
      }[];
    },
  ];
}

function exported(rule: AlertRule, options: PrometheusRulesOptions) {
  const { alerting, registry } = testAlerting();
  registry.gauge('queue_length', 'Jobs that wait.', { labelNames: ['queue', 'job'] });
  alerting.addAlertRule(rule);
  const { rules } = (parse(alerting.toPrometheusRules(options)) as RuleFile).groups[0];
  return rules[0];
}

describe('a rule in Prometheus', () => {
  it('is about the application that matchers choose, in its expression and in its message', () => {
    const rule = queueRule({
      condition: {
        metric: 'queue_length',
        labels: { queue: 'mail', job: 'send' },
        aggregate: 'avg',
        windowMs: 60_000,
        groupBy: ['queue'],
        dividedBy: { metric: 'queue_length', aggregate: 'max', windowMs: 60_000, groupBy: ['queue'] },
        operator: '>',
        threshold: 1,
      },
      message: '{{ process_cpu }} CPUs',
    });
    expect(exported(rule, { matchers: { job: 'shop', env: { not: /dev|test/ } } })).toMatchObject({
      expr: '(avg by (queue) (avg_over_time(queue_length{queue="mail", exported_job="send", job="shop", env!~"dev|test"}[1m])) / max by (queue) (max_over_time(queue_length{job="shop", env!~"dev|test"}[1m]))) > 1',
      annotations: {
        summary:
          '{{ with query "sum by () (rate(process_cpu_seconds_total{job=\\"shop\\", env!~\\"dev|test\\"}[1m]))" }}{{ . | first | value | printf "%.1f" }}{{ else }}?{{ end }} CPUs',
      },
    });
    expect(exported(queueRule(), {})?.expr).toBe('queue_length > 10');
  });

  it.each<[object, RegExp]>([
    [{ matchers: { 'a-b': 'c' } }, /label name in matchers/],
    [{ matchers: { job: /a(?=b)/ } }, /The label "job" in matchers must be a regular expression without/],
    [{ matchers: 'job="shop"' }, /`matchers` must be an object/],
    [{ targetLabels: 'job' }, /`targetLabels` must be a list of label names/],
    [{ matcher: { job: 'shop' } }, /Unknown key `matcher`.*Did you mean `matchers`/],
  ])('is refused with wrong options: %j', (options, message) => {
    expect(() => testAlerting().alerting.toPrometheusRules(options)).toThrow(message);
  });
});
