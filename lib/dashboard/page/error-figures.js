import { hrefOf } from './address.js';
import { sparkline } from './charts.js';
import { badge, element } from './elements.js';
import { ago, formatted } from './format.js';

/** Returns the badges of a group of errors. */
export function errorBadges({ unhandled, isNew, recent }) {
  return [
    unhandled > 0 && badge('critical', `${formatted(unhandled)} unhandled`),
    isNew && badge('warning', 'new'),
    recent === 0 && badge('inactive', 'none lately'),
  ].filter(Boolean);
}

/** Returns the errors of a group in each of the last 60 minutes, as a small chart. */
export function errorTrend({ perMinute }) {
  const line = sparkline(perMinute);
  line.classList.add('failures');
  return line;
}

/** Returns a link to the page of a group of errors. */
export function errorLink({ id, error }) {
  return element('a', { href: hrefOf('errors', 'groups', id) }, error);
}

/** Returns a list of groups of errors with links to their pages. */
export function errorItems(errors) {
  return element(
    'ul',
    { class: 'error-items' },
    ...errors.map((group) =>
      element(
        'li',
        {},
        element('span', { class: 'row' }, element('strong', {}, errorLink(group)), ...errorBadges(group)),
        group.message && element('bdi', {}, group.message),
        group.site && element('small', {}, group.site),
        element(
          'small',
          {},
          `${formatted(group.recent)} in 15 min, ${formatted(group.count)} in total, last ${ago(group.lastSeenAt)}`,
        ),
        errorTrend(group),
      ),
    ),
  );
}
