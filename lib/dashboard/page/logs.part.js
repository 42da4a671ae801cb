import { post } from './connection.js';
import { actionButton, element, fill, notice } from './elements.js';
import { facts, field, readPart, section } from './entries.js';
import { clock } from './format.js';

const PATH = 'diagnostics/log-levels';
const ALL = 'All contexts';
const DURATIONS = [
  ['5 min', 300_000],
  ['15 min', 900_000],
  ['1 h', 3_600_000],
  ['4 h', 14_400_000],
];

function loggerName({ logger, level }) {
  return [logger, level ?? 'level unknown'];
}

function choice(id, options, selected, disabled) {
  return element(
    'select',
    { id, disabled },
    ...options.map(([title, value]) => element('option', { value, selected: value === selected }, title)),
  );
}

/** The form that changes a level for a time. */
function changeForm(page, { levels, contexts, canChange }) {
  const isDisabled = !canChange;
  const context = element('input', {
    id: 'context',
    list: 'contexts',
    placeholder: ALL,
    disabled: isDisabled,
  });
  const level = choice(
    'level',
    levels.map((each) => [each, each]),
    'debug',
    isDisabled,
  );
  const forMs = choice('for', DURATIONS, DURATIONS[1][1], isDisabled);
  const change = async () => {
    const chosen = context.value.trim();
    await post(PATH, {
      ...(chosen !== '' && { context: chosen }),
      level: level.value,
      forMs: Number(forMs.value),
    });
    await page.refresh();
  };
  return section(
    'Change a level for a time',
    isDisabled && element('p', { class: 'muted' }, 'Set endpoints.auth to change levels from the dashboard.'),
    element(
      'div',
      { class: 'row' },
      field('Context', context),
      element('datalist', { id: 'contexts' }, ...contexts.map((value) => element('option', { value }))),
      field('Level', level),
      field('For', forMs),
      actionButton('Change', change, { disabled: isDisabled }),
    ),
  );
}

function changeItem(page, { context, level, until }, canChange) {
  const end = async () => {
    await post(PATH, { ...(context !== undefined && { context }), level: null });
    await page.refresh();
  };
  return element(
    'li',
    { class: 'row' },
    element('strong', {}, context ?? ALL),
    element('span', {}, `${level} until ${clock(until)}`),
    actionButton('End', end, { disabled: !canChange }),
  );
}

/** The levels of the log messages, and their changes for a time. */
export const part = {
  async load(page) {
    const report = await readPart('log-levels');
    return (node) => {
      const { memory } = page;
      if (!report?.enabled) {
        fill(node, notice('Levels cannot be changed', 'The option logs is off.'));
        return;
      }
      const { loggers, changes, canChange } = report;
      if (!memory.has('changes')) {
        memory.set('changes', element('ul', { class: 'plain' }));
        memory.set('empty', element('p', { class: 'empty' }, 'No level is changed.'));
        fill(
          node,
          section('Levels', facts(loggers.map(loggerName))),
          section('Changes', memory.get('changes'), memory.get('empty')),
          changeForm(page, report),
        );
      }
      memory.get('empty').hidden = changes.length > 0;
      const text = JSON.stringify(changes);
      if (text === memory.get('text')) return;
      memory.set('text', text);
      fill(memory.get('changes'), ...changes.map((each) => changeItem(page, each, canChange)));
    };
  },
};
