import { read } from './connection.js';
import { element, fill } from './elements.js';
import { when } from './entries.js';
import { errorBadges, errorLink, errorTrend } from './error-figures.js';
import { formatted } from './format.js';
import { Choice, MoreRows, orderOf, RowTable, searchField, sortBy } from './row-table.js';

const DEFAULT_SORT = 'severity';

const COLUMNS = [
  {
    title: 'Error',
    sort: 'name',
    class: 'title',
    show: (group) => [
      errorLink(group),
      ...errorBadges(group),
      // It may run from right to left.
      group.message && element('bdi', { class: 'message' }, group.message),
      group.site && element('small', {}, group.site),
    ],
  },
  {
    title: 'In',
    class: 'operations',
    show: ({ operations, otherOperations }) => [
      element(
        'small',
        {},
        operations
          .slice(0, 2)
          .map(({ name }) => name)
          .join(', ') + restOf(operations.length - 2 + (otherOperations > 0 ? 1 : 0)),
      ),
    ],
  },
  { title: 'Last 60 min', class: 'trend', show: (group) => [errorTrend(group)] },
  {
    title: 'Last 15 min',
    sort: 'recent',
    class: 'number',
    show: ({ recent }) => [element('span', { class: recent > 0 && 'error' }, formatted(recent))],
  },
  { title: 'In total', sort: 'count', class: 'number', show: ({ count }) => [formatted(count)] },
  { title: 'Last seen', sort: 'last', show: ({ lastSeenAt }) => [when(lastSeenAt)] },
  { title: 'First seen', sort: 'first', class: 'minor', show: ({ firstSeenAt }) => [when(firstSeenAt)] },
];

function restOf(count) {
  return count > 0 ? ` and ${count} more` : '';
}

function create(page) {
  const table = new RowTable({
    caption: 'Errors',
    columns: COLUMNS.map((column) => ({
      ...column,
      show: (group) => column.show(group).filter(Boolean),
    })),
    key: ({ id }) => id,
    state: ({ severity }) => (severity === 'ok' ? undefined : severity),
    onSort: (sort) => sortBy(page, DEFAULT_SORT, sort),
  });
  const parts = {
    summary: element('p', { class: 'muted' }),
    search: searchField(page, 'Search errors'),
    source: new Choice(page, 'source', 'Source'),
    severity: element('button', { type: 'button', onclick: () => sortBy(page, DEFAULT_SORT, 'severity') }),
    table,
    empty: element('p', { class: 'empty', hidden: true }),
    more: new MoreRows(page, 'groups of errors'),
    dropped: element('p', { class: 'muted' }),
  };
  page.memory.set('parts', parts);
  fill(
    page.main,
    element('div', { class: 'heading' }, element('h1', {}, 'Errors'), parts.summary),
    element('div', { class: 'row toolbar' }, parts.search.node, parts.source.node, parts.severity),
    table.node,
    parts.empty,
    parts.more.node,
    parts.dropped,
  );
  return parts;
}

/** The list of the groups of errors, with what is worth a look first. */
export const errorList = {
  async load(page) {
    const order = orderOf(page, DEFAULT_SORT);
    const source = page.parameter('source');
    const search = page.parameter('search');
    const more = page.memory.get('parts')?.more ?? new MoreRows(page, 'groups of errors');
    const list = await read('errors', {
      sort: order.sort,
      limit: more.limit,
      ...(order.reverse && { order: 'up' }),
      ...(source && { source }),
      ...(search && { search }),
    });
    return () => {
      const parts = page.memory.get('parts') ?? create(page);
      const { errors, count, omitted, dropped, sources, severities } = list;
      const worth = severities.critical + severities.warning;
      parts.summary.textContent =
        count === 0
          ? ''
          : `${formatted(count)} ${count === 1 ? 'group' : 'groups'} since the start, by class and place; ${formatted(worth)} with errors in the last 15 min.`;
      parts.search.update();
      parts.source.update([
        [undefined, 'All'],
        ...Object.entries(sources).map(([name, number]) => [name, `${name} (${formatted(number)})`]),
      ]);
      parts.source.node.hidden = Object.keys(sources).length < 2 && source === undefined;
      parts.severity.textContent = worth === 0 ? 'Nothing lately' : `Most severe first (${worth})`;
      parts.severity.setAttribute('aria-pressed', String(order.sort === 'severity'));
      parts.table.update(errors, order);
      parts.empty.hidden = errors.length > 0;
      parts.empty.textContent =
        count === 0 ? 'No error has been recorded.' : 'No group of errors matches. Search for less.';
      parts.more.update(errors.length, omitted);
      parts.dropped.hidden = dropped === 0;
      parts.dropped.textContent = `${formatted(dropped)} older groups of errors are no longer kept.`;
    };
  },
};
