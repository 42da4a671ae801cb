import { badge, element, fill, notice, sortableTable } from './elements.js';
import { at, facts, readPart, section } from './entries.js';
import { formatted } from './format.js';
import { ChartGrid } from './panels.view.js';

const ms = (value) => formatted(value, 'milliseconds');

const CHARTS = [
  ['Memory', 'bytes', { rssBytes: 'resident', heapUsedBytes: 'heap', externalBytes: 'external' }],
  ['Event loop utilization', 'ratio', { eventLoopUtilization: 'utilization' }],
  ['Event loop delay', 'milliseconds', { eventLoopDelayMs: 'delay' }],
  ['Requests in flight', 'number', { requestsInFlight: 'in flight' }],
];

function panelsOf(rows) {
  const times = rows.map(({ time }) => time);
  return CHARTS.map(([title, unit, series]) => ({
    title,
    unit,
    times,
    series: Object.entries(series).map(([field, name]) => ({
      name,
      values: rows.map((row) => row[field] ?? null),
    })),
  }));
}

function exitFacts(exit) {
  const { time, exitCode, signal, startedAt, pid, version, node, error, heapLimitBytes, memoryLimitBytes } =
    exit;
  return facts([
    ['Ended', time && at(time)],
    ['Started', startedAt && at(startedAt)],
    ['Exit code', exitCode],
    ['Signal', signal],
    ['Exception', error && [error.error, error.site].filter(Boolean).join(' at ')],
    ['Raised as', error?.origin],
    ['Process ID', pid],
    ['Version', version],
    ['Node.js', node],
    ['Heap limit', heapLimitBytes && formatted(heapLimitBytes, 'bytes')],
    ['Memory limit', memoryLimitBytes && formatted(memoryLimitBytes, 'bytes')],
  ]);
}

/** Returns the tables of the last second, without those that are empty. */
function lastRow({ operations, routes, errors, alerts, vitals }, memory) {
  const table = (caption, rows, columns, sortBy) =>
    rows?.length > 0 && sortableTable(columns, { rows, caption, sortBy, remember: memory });
  return [
    table(
      'In flight at the end',
      operations,
      [
        { title: 'Operation', value: ({ name }) => name },
        { title: 'Age', number: true, value: ({ ageMs }) => ageMs, text: ({ ageMs }) => ms(ageMs) },
      ],
      'Age',
    ),
    table(
      'Last errors',
      errors,
      [
        { title: 'Error', value: ({ error }) => error },
        { title: 'Place', value: ({ site }) => site },
        { title: 'Count', number: true, value: ({ count }) => count },
      ],
      'Count',
    ),
    table('Alerts at the end', alerts, [
      { title: 'Alert', value: ({ rule }) => rule },
      { title: 'Severity', value: ({ severity }) => severity, text: ({ severity }) => badge(severity) },
    ]),
    table(
      'Busiest routes',
      routes,
      [
        { title: 'Route', value: ({ name }) => name },
        {
          title: 'Rate',
          number: true,
          value: ({ perSecond }) => perSecond,
          text: ({ perSecond }) => formatted(perSecond, 'per second'),
        },
      ],
      'Rate',
    ),
    table(
      'Vitals at the end',
      Object.entries(vitals ?? {}).map(([name, value]) => ({ name, value })),
      [
        { title: 'Vital', value: ({ name }) => name },
        { title: 'Value', number: true, value: ({ value }) => value, text: ({ value }) => formatted(value) },
      ],
    ),
  ].filter(Boolean);
}

let grid;

/** The end of the process before this one, and its last minute. */
export const part = {
  async load(page) {
    // The process before this one has ended: what is shown does not change.
    const report = page.memory.get('report') ?? (await readPart('last-exit'));
    return (node) => {
      const { memory } = page;
      if (memory.has('report')) return;
      if (!report?.enabled) {
        fill(
          node,
          notice(
            'No flight recorder',
            'Set diagnostics.flightRecorder to keep the last minute of a process.',
          ),
        );
        return;
      }
      const { exit, file } = report;
      if (exit === null) {
        fill(node, notice('Not known yet', 'The end of the last process is being read.'));
        return;
      }
      memory.set('report', report);
      grid = new ChartGrid();
      const { rows } = exit;
      fill(
        node,
        section(
          'Last exit',
          element(
            'p',
            { class: 'row' },
            badge(exit.isClean ? 'ok' : 'critical', exit.reason.replaceAll('_', ' ')),
            element('strong', {}, exit.details),
          ),
          exitFacts(exit),
          element('p', { class: 'muted' }, 'Recorded in ', element('code', {}, file)),
        ),
        rows.length > 0 && section('The last minute', grid.node, ...lastRow(rows.at(-1), memory)),
      );
      if (rows.length > 0) grid.update(panelsOf(rows));
    };
  },
  leave: () => grid?.remove(),
  redraw: () => grid?.redraw(),
};
