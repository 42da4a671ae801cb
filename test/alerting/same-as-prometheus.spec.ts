import { describe, expect, it } from '@jest/globals';
import { RE2JS } from 're2js';
import type { AlertRule } from 'nestjs-monitoring';
import { MonitoringOptionsError } from '../../lib/options/option-checks.js';
import type { AlertNotification } from 'nestjs-monitoring/alerting';
import { testRules } from '../../lib/testing/rules/test-rules.js';
import { Template } from '../../lib/alerting/rules/template.js';
import { PortableRegExp } from '../../lib/primitives/portable-regexp.js';
import { ROUNDED_RATES, roundedRate } from './rule-cases.js';
import { queueRule, testAlerting } from './support.js';

const condition = { metric: 'queue_length', operator: '>', threshold: 10 } as const;

function added(rule: object): () => void {
  return () => testAlerting().alerting.addAlertRule(queueRule(rule));
}

describe('a regular expression', () => {
  it.each([
    /\u0078/,
    /[^]/,
    new RegExp('[]'),
    /x{1,1001}/,
    /(x{100}){11}/,
    /\p{Script=Greek}/u,
    /\cA/,
    /\0/,
    /a(?=b)/,
    /(?<!a)b/,
    /(?<n>a)/,
    /(a)\1/,
    /[[:alpha:]]/,
    /[\s\S]/,
    /\B/,
    new RegExp('a{1000000000000}'),
    new RegExp('a{1,1000000000000}'),
    new RegExp('('.repeat(101) + ')'.repeat(101)),
    new RegExp('a{1000}'.repeat(50)),
    new RegExp('a'.repeat(100_001)),
    /a/i,
    /a/s,
  ])('%s is rejected at the start, since Prometheus rejects it or gives it another meaning', (queue) => {
    expect(added({ condition: { ...condition, labels: { queue } } })).toThrow(
      'The label "queue" in condition.labels of the alert rule "long_queue" must',
    );
  });

  it.each([
    [/./u, '😀'],
    [/\s/, '\u00a0'],
    [/\s/, '\v'],
    [/[^a]/, '😀'],
    [/.{2}/, '😀😀'],
    [/\w+/, 'é'],
    [/\p{L}+/u, 'éЖ'],
    [/a{,2}/, 'a{,2}'],
    [/[a\-z]+/, 'a-z'],
    [/./, '\u2028'],
    [/./, '\r'],
    [/./, '\n'],
    [/\//, '/'],
  ])('%s means for %j what it means in RE2', (pattern, text) => {
    const expected = RE2JS.compile(`^(?:${pattern.source})$`).matcher(text).find();
    expect(new PortableRegExp(pattern.source).matches(text)).toBe(expected);
  });
});

describe('printf in a template', () => {
  it.each([
    ['%.1f', 9.25, '9.2'],
    ['%.1f', 9.35, '9.3'],
    ['%.0f', 0.5, '0'],
    ['%.0f', 1.5, '2'],
    ['%.2f', 1.005, '1.00'],
    ['%.1f', Infinity, '+Inf'],
    ['%.1f', -Infinity, '-Inf'],
    ['%.1f', NaN, 'NaN'],
    ['%.1f', -0, '-0.0'],
    ['%.1f', -0.04, '-0.0'],
    ['%.1f', 1e21, '1000000000000000000000.0'],
    ['%.9f', 5e-324, '0.000000000'],
    ['%.0f', 2 ** 53, '9007199254740992'],
  ])('writes %s of %d as Go does: %s', (format, value, text) => {
    const template = new Template('a test', `{{ value | printf "${format}" }}`);
    expect(template.render({ value, labels: {} })).toBe(text);
  });

  it.each([
    [0.7826, '78.26%'],
    [0.5, '50%'],
    [1, '100%'],
    [99.999_96, '1e+04%'],
    [123.45, '1.234e+04%'],
    [0.009_999_96, '1%'],
    [1e-7, '1e-05%'],
    [0.000_012_345, '0.001234%'],
    [-0.25, '-25%'],
    [0, '0%'],
    [Infinity, '+Inf%'],
  ])('writes %d as a percentage: %s', (value, text) => {
    const template = new Template('a test', '{{ value | humanizePercentage }}');
    expect(template.render({ value, labels: {} })).toBe(text);
  });

  it.each([
    [-0, '-0'],
    [0, '0'],
    [1e21, '1e+21'],
    [1e-5, '1e-05'],
    [-1e-7, '-1e-07'],
    [0.0001, '0.0001'],
    [999_999.5, '999999.5'],
    [1e6, '1e+06'],
    [2 ** 20, '1.048576e+06'],
    [-123_456_789, '-1.23456789e+08'],
    [2 ** 53, '9.007199254740992e+15'],
  ])('writes %d alone as %s', (value, text) => {
    expect(new Template('a test', '{{ value }}').render({ value, labels: {} })).toBe(text);
  });
});

describe('a rule that Prometheus would reject', () => {
  const days300Years = 300 * 365.25 * 86_400_000;
  it.each<[string, object]>([
    ['a matcher of the name', { condition: { ...condition, labels: { __name__: 'x' } } }],
    ['a group by the name', { condition: { ...condition, groupBy: ['__name__'] } }],
    ['a label that is the name', { labels: { __name__: 'x' } }],
    ['the name in a message', { message: '{{ labels.__name__ }}' }],
    ['a window of 300 years', { condition: { ...condition, aggregate: 'avg', windowMs: days300Years } }],
    ['to wait for 300 years', { forMs: days300Years }],
    ['to fire on for 300 years', { keepFiringForMs: days300Years }],
    ['half a character', { message: '\ud800' }],
    ['half a character in a matcher', { condition: { ...condition, labels: { queue: '\ud800' } } }],
  ])('is rejected at the start: %s', (_name, rule) => {
    expect(added(rule)).toThrow(MonitoringOptionsError);
  });
});

describe('labels with names of methods', () => {
  it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])(
    'are labels like others: %s',
    (label) => {
      const rules: AlertRule[] = [
        {
          name: 'odd',
          severity: 'info',
          message: `[{{ labels.${label} }}]`,
          condition: {
            metric: 'things',
            operator: '>',
            threshold: 0,
            labels: Object.fromEntries([[label, '']]),
          },
        },
        {
          name: 'grouped',
          severity: 'info',
          condition: { metric: 'things', groupBy: [label], operator: '>', threshold: 0 },
        },
      ];
      const { alerts } = testRules({ rules, series: { 'things{a="b"}': '1' }, at: 0 });
      expect(alerts.map(({ message }) => message)).toEqual(['[]', 'grouped']);
    },
  );

  it.each(['constructor', 'toString', 'valueOf', 'hasOwnProperty', '__proto__'])(
    'are absent from a group where an alert does not have them: %s',
    async (label) => {
      const { alerting, registry, step } = testAlerting();
      const queue = registry.gauge('queue_length', 'Jobs.', { labelNames: ['queue'] });
      const groups: unknown[] = [];
      const notify = ({ groupLabels }: AlertNotification): void =>
        void groups.push(Object.entries(groupLabels));
      alerting.addAlertRule(queueRule());
      alerting.addAlertHandler({ name: 'group', notify }, { groupBy: [label, 'queue'] });
      alerting.start();
      await step(() => queue.set({ queue: 'mail' }, 11));
      expect(groups).toEqual([[['queue', 'mail']]]);
    },
  );
});

describe('conditions with different labels', () => {
  const total = { metric: 'load', operator: '>', threshold: 0, groupBy: [] } as const;
  const labelled = { ...condition, groupBy: ['queue'] } as const;

  it.each([[[total, labelled]], [[labelled, total]]])('are reordered so that they match', (all) => {
    const { alerts } = testRules({
      rules: [{ name: 'both', severity: 'info', condition: { all } }],
      series: { load: '1', 'queue_length{queue="a"}': '11' },
      at: 0,
    });
    expect(alerts.map(({ labels }) => labels['queue'])).toEqual(['a']);
  });

  it.each<[string, object]>([
    ['a share of what has other labels', { ...labelled, dividedBy: { metric: 'load', groupBy: [] } }],
    ['different groups', { all: [labelled, { ...labelled, groupBy: ['other'] }] }],
    ['any with and without labels', { all: [{ any: [total, labelled] }, labelled] }],
  ])('are rejected at the start: %s', (_name, given) => {
    expect(added({ condition: given })).toThrow(/^`condition[^`]*` of the alert rule "long_queue" must /);
  });
});

it.each(ROUNDED_RATES)(
  'rate is rounded as Prometheus rounds it: every %i s, over %i s, %i more each time, is %s the quotient',
  (...rate) => {
    const side = rate[3];
    const { rules, series, intervalMs, steps } = roundedRate(rate);
    const { alerts } = testRules({ rules, series, intervalMs, at: `${((steps - 1) * intervalMs) / 1_000}s` });
    expect(alerts.map(({ rule }) => rule)).toEqual([side]);
  },
);
