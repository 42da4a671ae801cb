import { routeHref } from './address.js';
import { badge, element } from './elements.js';
import { at, bars, EntryList, facts, PART_NAMES, when } from './entries.js';
import { read } from './connection.js';
import { formatted } from './format.js';
import { waterfall } from './waterfall.js';

const ms = (value) => formatted(value, 'milliseconds');

/** Returns a list of records that open. */
export function recordList(title, empty) {
  return new EntryList({
    title,
    empty,
    key: ({ id }) => id,
    summary: ({ durationMs, status, hasFailed, name, cause, startedAt }) => [
      element(
        'span',
        { class: 'row' },
        badge(hasFailed ? 'critical' : 'warning', ms(durationMs)),
        element('strong', {}, status === undefined ? name : `${name} → ${status}`),
        when(startedAt),
      ),
      element('span', {}, cause.text),
    ],
    body: async ({ id }) => recordBody(await read('record', { id })),
  });
}

/** Returns everything that is known of a recorded operation. */
export function recordBody(record) {
  const { handler, status, durationMs, startedAt, parts, exception, blockedBy, traceId } = record;
  const { method, route } = record;
  return [
    facts([
      ['Route', route && routeLink(method, route)],
      ['Handler', handler],
      ['Status', status],
      ['Started', at(startedAt)],
      ['Duration', ms(durationMs)],
      ['Exception', exception && [exception.error, exception.site].filter(Boolean).join(' at ')],
      ['Blocked by', blockedBy && blockerText(blockedBy)],
      ['Trace', traceId && element('code', {}, traceId)],
    ]),
    ...(record.isSampled
      ? [partBars(parts, durationMs), waterfall(record)]
      : [element('p', { class: 'muted' }, 'It was not sampled: only its end is known.')]),
  ].filter(Boolean);
}

/** Returns a link to the page of a route. */
export function routeLink(method, route) {
  return element('a', { href: routeHref({ method, route }) }, `${method} ${route}`);
}

/** Says what blocked the event loop, and if it used the CPU for a part of that time only. */
function blockerText({ name, milliseconds, cpuMs }) {
  const cpu = cpuMs < milliseconds ? `, with at most ${ms(cpuMs)} of CPU` : '';
  return `${name}, for ${ms(milliseconds)} at once${cpu}`;
}

/** Returns the parts of the time of an operation, the longest first. */
function partBars(parts, durationMs) {
  return bars(
    'Time by what it was spent on',
    Object.entries(parts)
      .toSorted(([, a], [, b]) => b - a)
      .map(([part, time]) => ({ name: PART_NAMES[part] ?? part, value: ms(time), share: time / durationMs })),
  );
}
