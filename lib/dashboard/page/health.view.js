import { read } from './connection.js';
import { badge, element, patch, sortableTable } from './elements.js';
import { clock, formatted } from './format.js';

const COLUMNS = [
  { title: 'Check', value: ({ name }) => name },
  { title: 'Status', value: ({ status }) => status, text: ({ status }) => badge(status) },
  { title: 'Message', value: ({ message }) => message },
  {
    title: 'Details',
    value: ({ details }) => JSON.stringify(details ?? {}),
    text: ({ details }) => (details === undefined ? '' : element('code', {}, detailText(details))),
  },
  {
    title: 'Duration',
    number: true,
    value: ({ durationMs }) => durationMs,
    text: ({ durationMs }) => formatted(durationMs, 'milliseconds'),
  },
];

function detailText(details) {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}

/** The view of the health checks. */
export const healthView = {
  async load(page) {
    const { health } = page.overview ?? (await read('overview'));
    const rows = Object.entries(health.checks).map(([name, check]) => ({ name, ...check }));
    return () => {
      page.memory.set('shown', true);
      patch(
        page.main,
        element(
          'div',
          { class: 'heading' },
          element('h1', {}, 'Health'),
          badge(health.status),
          element('p', {}, `Checked at ${clock(Date.parse(health.timestamp))}`),
        ),
        sortableTable(COLUMNS, {
          rows,
          caption: 'Health checks',
          sortBy: 'Check',
          descending: false,
          remember: page.sorting,
        }),
      );
    };
  },
};
