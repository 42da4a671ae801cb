import { read } from './connection.js';
import { badge, element, fill, notice, patch, sortableTable } from './elements.js';
import { at, bars, readPart, section } from './entries.js';
import { formatted } from './format.js';
import { ChartGrid } from './panels.view.js';

const bytes = (value) => formatted(value, 'bytes');

const STATES = {
  starting: ['pending', 'starting'],
  steady: ['ok', 'steady'],
  growing: ['warning', 'growing'],
  suspected: ['critical', 'leak suspected'],
};

function siteBars({ sites, allocationSites }) {
  if (sites.length === 0) {
    return (
      allocationSites === 'off' &&
      element(
        'p',
        { class: 'muted' },
        'Set diagnostics.memory.allocationSites to name the functions that allocate what grows.',
      )
    );
  }
  return section(
    'Allocated by',
    bars(
      'Allocated by',
      sites.map(({ site, grownBytes, liveBytes, share }) => ({
        name: site,
        value: `+${bytes(grownBytes)}`,
        valueNote: `${bytes(liveBytes)} in use`,
        share,
      })),
    ),
  );
}

function listenerTable(listeners, memory) {
  return sortableTable(
    [
      { title: 'Emitter', value: ({ emitter }) => emitter },
      { title: 'Event', value: ({ event }) => event },
      { title: 'Added by', value: ({ site }) => site },
      { title: 'Listeners', number: true, value: ({ count }) => count },
    ],
    { rows: listeners, caption: 'Emitters with many listeners', sortBy: 'Listeners', remember: memory },
  );
}

function countTable(counts, memory) {
  return sortableTable(
    [
      { title: 'Kind', value: ({ kind }) => kind },
      { title: 'Before', number: true, value: ({ from }) => from },
      { title: 'Now', number: true, value: ({ to }) => to },
    ],
    { rows: counts, caption: 'Timers and handles that grow in number', sortBy: 'Now', remember: memory },
  );
}

function panelOf(windows) {
  const series = (name, field) => ({ name, values: windows.map((each) => each[field]) });
  return {
    title: 'Memory in use after garbage collection',
    unit: 'bytes',
    times: windows.map((each) => each.at),
    series: [series('heap', 'heapBytes'), series('external', 'externalBytes')],
  };
}

let grid;

/** The memory that grows, and the functions that allocated it. */
export const part = {
  async load(page) {
    const [report, { panels }] = await Promise.all([
      readPart('memory'),
      // Without its charts, the report is shown all the same.
      read('view', page.query({ name: 'memory' })).catch(() => ({ panels: [] })),
    ]);
    return (node) => {
      const { memory } = page;
      if (report === undefined || report.status === 'off') {
        if (!memory.has('unwatched')) {
          grid = new ChartGrid();
          memory.set(
            'unwatched',
            notice('Memory is not watched', 'Set diagnostics.memory to find what grows.'),
          );
          fill(node, memory.get('unwatched'), grid.node);
        }
        grid.update(panels);
        return;
      }
      if (!memory.has('summary')) {
        grid = new ChartGrid();
        memory.set('summary', element('div', { class: 'stack sections' }));
        memory.set('details', element('div', { class: 'stack sections' }));
        fill(node, memory.get('summary'), grid.node, memory.get('details'));
      }
      const { status, cause, since, listeners, counts, windows } = report;
      grid.update([...(windows.length > 0 ? [panelOf(windows)] : []), ...panels]);
      patch(
        memory.get('summary'),
        section(
          'Growth',
          element(
            'p',
            { class: 'row' },
            badge(...(STATES[status] ?? [status])),
            since !== undefined && element('span', { class: 'muted' }, 'since ', at(since)),
          ),
          element('p', {}, cause),
        ),
      );
      patch(
        memory.get('details'),
        siteBars(report),
        counts.length > 0 && countTable(counts, memory),
        listeners.length > 0 && listenerTable(listeners, memory),
      );
    };
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
