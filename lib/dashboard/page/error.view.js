import { routeOf } from './address.js';
import { read } from './connection.js';
import { element, fill, notice, patch } from './elements.js';
import { at, facts, section, stackList } from './entries.js';
import { errorBadges, errorTrend } from './error-figures.js';
import { ago, formatted } from './format.js';
import { recordBody, routeLink } from './record.js';

function create(page) {
  const parts = {
    title: element('h1', {}),
    badges: element('span', { class: 'row' }),
    message: element('p', { class: 'reason', dir: 'auto' }),
    content: element('div', { class: 'stack sections' }),
    record: element('div', { class: 'stack' }),
  };
  page.memory.set('parts', parts);
  fill(
    page.main,
    element('p', {}, element('a', { href: '#/errors/groups' }, '← All errors')),
    element('div', { class: 'heading' }, parts.title, parts.badges),
    parts.message,
    parts.content,
    parts.record,
  );
  return parts;
}

function contentOf(group) {
  const { site, stack, causes, version, firstSeenAt, lastSeenAt, count, recent, unhandled } = group;
  return [
    facts([
      ['At', site],
      ['Caused by', causes.join(', ')],
      ['Last 15 min', formatted(recent)],
      ['In total', formatted(count)],
      ['Unhandled', unhandled > 0 && formatted(unhandled)],
      ['Last seen', element('span', {}, at(lastSeenAt), `, ${ago(lastSeenAt)}`)],
      ['First seen', element('span', {}, at(firstSeenAt), `, ${ago(firstSeenAt)}`)],
      ['Version', version],
    ]),
    element(
      'figure',
      { class: 'panel', 'aria-label': 'Errors in each of the last 60 minutes' },
      element('figcaption', {}, element('h2', {}, 'Errors in each of the last 60 minutes')),
      errorTrend(group),
      element(
        'p',
        { class: 'scale muted', 'aria-hidden': 'true' },
        element('span', {}, '1 h ago'),
        element('span', {}, 'now'),
      ),
      element('p', { class: 'help' }, `At most ${formatted(Math.max(...group.perMinute))} in a minute.`),
    ),
    section(
      'Stack',
      stack.length === 0
        ? element('p', { class: 'empty' }, 'No place of the application is in its stack trace.')
        : stackList(stack),
    ),
    section('Where it occurred', operationList(group)),
  ];
}

function operationList({ operations, otherOperations }) {
  return element(
    'ul',
    { class: 'plain' },
    ...operations.map(({ source, name, count }) => {
      const request = source === 'http' ? routeOf(name) : undefined;
      return element(
        'li',
        {},
        request === undefined ? `${source}: ${name}` : routeLink(request.method, request.route),
        element('span', { class: 'muted' }, ` ${formatted(count)} ×`),
      );
    }),
    otherOperations > 0 &&
      element('li', { class: 'muted' }, `other operations ${formatted(otherOperations)} ×`),
  );
}

function recordOf(record) {
  if (record === undefined) return [];
  return [element('h2', {}, 'The last operation that is kept'), ...recordBody(record)];
}

/** Returns what is asked for; undefined if it is no longer kept. */
async function kept(name, id) {
  try {
    return await read(name, { id });
  } catch (error) {
    if (error.status === 404) return undefined;
    throw error;
  }
}

/** The page of a group of errors. */
export const errorPage = {
  async load(page) {
    const [id] = page.arguments;
    const group = await kept('error', id);
    const record = group?.lastRecordId && (await kept('record', group.lastRecordId));
    return () => {
      const parts = page.memory.get('parts');
      if (group === undefined) {
        // A group that is shown stays: somebody reads it.
        if (parts === undefined) {
          fill(
            page.main,
            notice(
              'No longer kept',
              'This group of errors has been dropped, or the application was started anew.',
            ),
          );
        }
        return;
      }
      const shown = parts ?? create(page);
      shown.title.textContent = group.error;
      patch(shown.badges, ...errorBadges(group));
      shown.message.textContent = group.message ?? 'No message';
      patch(shown.content, ...contentOf(group));
      patch(shown.record, ...recordOf(record));
    };
  },
};
