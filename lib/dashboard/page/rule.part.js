import { read } from './connection.js';
import { copyText } from './copies.js';
import { element, patch } from './elements.js';
import { dateAndTime, formatted, labelText } from './format.js';

/** The aggregations that make sense for each type of metric, the usual one first. */
const AGGREGATIONS = {
  counter: ['rate', 'increase'],
  gauge: ['last', 'avg', 'min', 'max'],
  histogram: ['p95', 'p99', 'p90', 'p50', 'avg', 'rate'],
};
const OPERATORS = ['>', '>=', '<', '<='];
const DURATIONS = [
  ['at once', 0],
  ['for 1 min', 60_000],
  ['for 5 min', 300_000],
  ['for 15 min', 900_000],
];
const MAX_FIRINGS = 20;

/** Reads when the rule of the address would have fired; undefined if it has none. An error of the rule is in `problem`. */
export async function readTrial(page, name, tags) {
  const threshold = page.parameter('rule.threshold');
  if (threshold === undefined) return undefined;
  const query = new URLSearchParams([
    ['name', name],
    ['threshold', threshold],
    ...['aggregate', 'operator', 'forMs', 'severity'].flatMap((each) => {
      const value = page.parameter(`rule.${each}`);
      return value === undefined ? [] : [[each, value]];
    }),
    ...tags.map((tag) => ['tag', tag]),
  ]);
  try {
    return await read('rule', query);
  } catch (error) {
    if (error.status !== 400) throw error;
    return { problem: error.message, firings: [], count: 0 };
  }
}

/** Returns the data of a chart with the threshold of a rule, and the times in which it would have fired. */
export function withTrial(panel, trial) {
  if (trial === undefined || trial.threshold === undefined) return panel;
  const { threshold, firings } = trial;
  return {
    ...panel,
    thresholds: [...panel.thresholds, { value: threshold, severity: 'critical' }],
    bands: firings.map(({ from, to }) => ({ from, to })),
  };
}

/** A form that makes a rule of a chart, and shows when it would have fired. */
export class RuleForm {
  constructor(page, { type, unit }) {
    this.page = page;
    this.unit = unit;
    const select = (name, label, values) =>
      element(
        'label',
        { class: 'field' },
        label,
        element(
          'select',
          { name },
          ...values.map(([text, value]) =>
            element('option', { value, selected: page.parameter(`rule.${name}`) === String(value) }, text),
          ),
        ),
      );
    const form = element(
      'form',
      { class: 'row rule' },
      select(
        'aggregate',
        'Aggregation',
        (AGGREGATIONS[type] ?? AGGREGATIONS.gauge).map((each) => [each, each]),
      ),
      select(
        'operator',
        'Operator',
        OPERATORS.map((each) => [each, each]),
      ),
      element(
        'label',
        { class: 'field' },
        'Threshold',
        element('input', {
          name: 'threshold',
          type: 'number',
          step: 'any',
          required: true,
          value: page.parameter('rule.threshold'),
        }),
      ),
      select('forMs', 'Fires', DURATIONS),
      element('button', {}, 'Try it'),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const values = Object.fromEntries(new FormData(form));
      page.setParameters(
        Object.fromEntries(Object.entries(values).map(([name, value]) => [`rule.${name}`, value])),
      );
    });
    this.result = element('div', { class: 'stack', role: 'status' });
    this.node = element(
      'section',
      { class: 'card stack' },
      element('h2', {}, 'Make a rule of it'),
      form,
      this.result,
    );
  }

  update(trial) {
    patch(this.result, ...(trial === undefined ? [] : this.resultOf(trial)));
  }

  resultOf({ problem, firings, count, from, to, completeFrom, code }) {
    if (code === undefined) return [element('p', { class: 'error' }, problem)];
    const onclick = async ({ currentTarget: button }) => {
      button.textContent = (await copyText(code)) ? 'Copied' : 'Not copied';
    };
    return [
      element(
        'p',
        {},
        element(
          'strong',
          {},
          count === 0 ? 'Would not have fired' : `Would have fired ${formatted(count)} ×`,
        ),
        ` between ${dateAndTime(from)} and ${dateAndTime(to)}.`,
        completeFrom > from && ` Before ${dateAndTime(completeFrom)}, its window was not complete.`,
      ),
      problem && element('p', { class: 'error' }, problem),
      firings.length > 0 &&
        element(
          'ul',
          { class: 'plain' },
          ...firings
            .slice(0, MAX_FIRINGS)
            .map((firing) =>
              element(
                'li',
                { class: 'row' },
                `${dateAndTime(firing.from)} – ${firing.to === undefined ? 'now' : dateAndTime(firing.to)}`,
                Object.keys(firing.labels).length > 0 && element('code', {}, labelText(firing.labels)),
              ),
            ),
          count > MAX_FIRINGS && element('li', { class: 'limit-text' }, `and ${count - MAX_FIRINGS} more`),
        ),
      element('pre', { class: 'code', tabindex: '0', 'aria-label': 'The rule' }, code),
      element(
        'p',
        {},
        element('button', { type: 'button', onclick }, 'Copy the rule'),
        ' for the option alerting.rules',
      ),
    ].filter(Boolean);
  }
}
