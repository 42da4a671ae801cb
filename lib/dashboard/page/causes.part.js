import { sparkline } from './charts.js';
import { read } from './connection.js';
import { badge, element } from './elements.js';
import { at, bars, disclosure, EntryList, facts, PART_NAMES, stackList, when } from './entries.js';
import { flame } from './flame.js';
import { treeOfBlock } from './flame-tree.js';
import { formatted } from './format.js';

const ms = (value) => formatted(value, 'milliseconds');

function causeList() {
  return new EntryList({
    title: 'Slow and failed operations',
    empty: 'No operation has been recorded in the last 15 minutes.',
    key: ({ name, hasFailed, cause }) => `${name}\n${hasFailed}\n${cause.kind}\n${hasFailed && cause.text}`,
    summary: ({ name, hasFailed, cause, count, maxDurationMs, lastAt }) => [
      element(
        'span',
        { class: 'row' },
        hasFailed ? badge('critical', 'failed') : badge('warning', ms(maxDurationMs)),
        element('strong', {}, name),
      ),
      element('span', {}, cause.text),
      element(
        'span',
        { class: 'row muted' },
        `${formatted(count)} ${count === 1 ? 'record' : 'records'}${hasFailed ? `, longest ${ms(maxDurationMs)}` : ''}`,
        when(lastAt),
      ),
    ],
    body: async ({ recordId }) => recordBody(await read('record', { id: recordId })),
  });
}

function recordBody(record) {
  const { handler, status, durationMs, startedAt, parts, calls, exception, blockedBy, traceId } = record;
  const { method, route } = record;
  return [
    facts([
      ['Route', route && routeLink(method, route)],
      ['Handler', handler],
      ['Status', status],
      ['Started', at(startedAt)],
      ['Duration', ms(durationMs)],
      ['Exception', exception && [exception.error, exception.site].filter(Boolean).join(' at ')],
      ['Blocked by', blockedBy && `${blockedBy.name}, for ${ms(blockedBy.milliseconds)} at once`],
      ['Trace', traceId && element('code', {}, traceId)],
    ]),
    ...(record.isSampled
      ? [partBars(parts, durationMs), callList(record, calls)]
      : [element('p', { class: 'muted' }, 'It was not sampled: only its end is known.')]),
  ].filter(Boolean);
}

function routeLink(method, route) {
  const href = `#/routes/${encodeURIComponent(method)}/${encodeURIComponent(route)}`;
  return element('a', { href }, `${method} ${route}`);
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

function callList({ omittedCalls }, calls) {
  if (calls.length === 0) return null;
  return element(
    'ul',
    { class: 'calls', 'aria-label': 'Calls that it waited for' },
    ...calls.map(({ system, name, count, totalMs, errors, isRepeated, site }) =>
      element(
        'li',
        {},
        element(
          'span',
          { class: 'row' },
          element('strong', {}, system),
          `${formatted(count)} × ${ms(totalMs / Math.max(1, count))} = ${ms(totalMs)}`,
          isRepeated && badge('warning', 'repeated (N+1)'),
          errors > 0 && badge('critical', `${formatted(errors)} failed`),
        ),
        element('code', {}, name),
        site && element('small', {}, site),
      ),
    ),
    omittedCalls > 0 &&
      element('li', { class: 'muted' }, `${formatted(omittedCalls)} more calls of other kinds`),
  );
}

function errorList() {
  return new EntryList({
    title: 'Errors',
    empty: 'No error has been recorded.',
    key: ({ id }) => id,
    summary: ({ error, message, site, count, unhandled, lastSeenAt }) => [
      element(
        'span',
        { class: 'row' },
        element('strong', {}, error),
        unhandled > 0 && badge('critical', `${formatted(unhandled)} unhandled`),
      ),
      message && element('span', {}, message),
      site && element('small', {}, site),
      element('span', { class: 'row muted' }, `${formatted(count)} ×`, when(lastSeenAt)),
    ],
    body: ({ stack, causes, perMinute, version, firstSeenAt, operations, otherOperations, lastRecordId }) => [
      facts([
        ['First seen', at(firstSeenAt)],
        ['Version', version],
        ['Caused by', causes.join(', ')],
        ['In', operations.map(({ name, count }) => `${name} (${formatted(count)})`).join(', ')],
        ['In other operations', otherOperations > 0 ? formatted(otherOperations) : undefined],
      ]),
      element('figure', { 'aria-label': 'Errors in each of the last 60 minutes' }, sparkline(perMinute)),
      stackList(stack),
      lastRecordId &&
        disclosure('The last operation', async () => recordBody(await read('record', { id: lastRecordId }))),
    ],
  });
}

function blockList() {
  return new EntryList({
    title: 'Blocks of the event loop',
    empty: 'The event loop has not been blocked, or diagnostics.blockedLoop is off.',
    key: ({ startedAt }) => startedAt,
    summary: ({ startedAt, durationMs, culprit, cause }) => [
      element('span', { class: 'row' }, badge('warning', ms(durationMs)), element('strong', {}, culprit)),
      element('span', {}, cause),
      element('span', { class: 'row' }, when(startedAt)),
    ],
    body: ({ stacks, flame: tree, share, culprit }) =>
      stacks.length === 0
        ? element('p', { class: 'muted' }, 'No stack trace was taken.')
        : [
            share < 0.995 &&
              element('p', { class: 'muted' }, `${culprit} took ${formatted(share, 'ratio')} of it.`),
            flame(treeOfBlock(tree), { unit: 'milliseconds', caption: 'Flame graph of the block' }),
            ...stacks.map(({ ms: time, frames }) =>
              element('details', {}, element('summary', {}, `Stack trace of ${ms(time)}`), stackList(frames)),
            ),
          ].filter(Boolean),
  });
}

/** The causes of what is slow or fails now: records, errors and blocks. */
export const part = {
  async load({ memory }) {
    const [{ causes }, { errors, dropped }, { blocks }] = await Promise.all([
      read('causes'),
      read('errors'),
      read('blocks'),
    ]);
    return (content) => {
      if (!memory.has('lists')) {
        const lists = [causeList(), errorList(), blockList()];
        memory.set('lists', lists);
        memory.set('dropped', element('p', { class: 'muted' }));
        content.replaceChildren(...lists.map(({ node }) => node), memory.get('dropped'));
      }
      const [causeEntries, errorEntries, blockEntries] = memory.get('lists');
      causeEntries.update(causes);
      errorEntries.update(errors);
      blockEntries.update(blocks);
      memory.get('dropped').textContent =
        dropped > 0 ? `${formatted(dropped)} older groups of errors are no longer kept.` : '';
    };
  },
};
