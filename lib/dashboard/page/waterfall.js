import { badge, element } from './elements.js';
import { PART_NAMES } from './entries.js';
import { formatted } from './format.js';

const ms = (value) => formatted(value, 'milliseconds');

const PHASE_NAMES = {
  middleware: 'Middleware',
  guards: 'Guards',
  interceptors: 'Interceptors',
  pipes: 'Pipes',
  handler: 'Handler',
  response: 'Response',
};

/**
 * Returns the course of a recorded operation: its steps one after the other, and its calls from the start of the first to
 * the end of the last of equal ones.
 */
export function waterfall({ durationMs, phases, calls, omittedCalls }) {
  const steps = stepsOf(phases);
  const rows = calls.toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs);
  if (steps.length === 0 && rows.length === 0) return null;
  return element(
    'div',
    { class: 'waterfall', role: 'group', 'aria-label': 'Course of the operation' },
    element(
      'p',
      { class: 'scale muted', 'aria-hidden': 'true' },
      ...[0, 0.5, 1].map((at) => tick(at, durationMs)),
    ),
    element(
      'ol',
      {},
      ...steps.map(({ name, startMs, endMs }) =>
        element(
          'li',
          { class: 'step' },
          element('span', { class: 'what' }, PHASE_NAMES[name] ?? name),
          element('span', { class: 'number' }, ms(endMs - startMs)),
          lane(startMs, endMs, durationMs, 'step'),
        ),
      ),
      ...rows.map((call) => callRow(call, durationMs)),
    ),
    omittedCalls > 0 &&
      element('p', { class: 'muted' }, `${formatted(omittedCalls)} more calls of other kinds`),
  );
}

function stepsOf(phases) {
  let at = 0;
  return Object.entries(phases).map(([name, time]) => ({ name, startMs: at, endMs: (at += time) }));
}

function tick(at, durationMs) {
  return element('span', {}, at === 0 ? '0' : ms(at * durationMs));
}

function callRow(
  { part, system, name, count, totalMs, errors, isRepeated, site, startMs, endMs },
  durationMs,
) {
  return element(
    'li',
    { class: 'call' },
    element(
      'span',
      { class: 'what' },
      element('strong', {}, system),
      ' ',
      element('code', {}, name),
      isRepeated && badge('warning', 'repeated (N+1)'),
      errors > 0 && badge('critical', `${formatted(errors)} failed`),
    ),
    element('span', { class: 'number' }, count === 1 ? ms(totalMs) : `${formatted(count)} ×, ${ms(totalMs)}`),
    lane(startMs, endMs, durationMs, part),
    site && element('small', {}, `${site}, from ${ms(startMs)} to ${ms(endMs)}`),
    !site && element('small', {}, `${PART_NAMES[part] ?? part}, from ${ms(startMs)} to ${ms(endMs)}`),
  );
}

/** Returns a line with a bar from one time to another. */
function lane(startMs, endMs, durationMs, part) {
  const bar = element('span', { class: 'span', 'data-part': part });
  const share = (value) => `${(100 * Math.min(1, Math.max(0, value / (durationMs || 1)))).toFixed(2)}%`;
  bar.style.left = share(startMs);
  bar.style.width = share(endMs - startMs);
  return element('span', { class: 'lane', 'aria-hidden': 'true' }, bar);
}
