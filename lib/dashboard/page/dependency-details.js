import { styleSheet } from './areas.js';
import { post, read } from './connection.js';
import { DataTable } from './data-table.js';
import { actionButton, badge, element, fill } from './elements.js';
import { stackList } from './entries.js';
import { ago, clock, formatted } from './format.js';

const seconds = (value) => formatted(value, 'seconds');
const code = (text) => element('code', { class: 'statement' }, text);
/** Time after which a transaction that does nothing is marked, in seconds. */
const LONG_IDLE_S = 10;

const RUNNING = [
  { title: 'Statement', cell: ({ statement }) => code(statement) },
  { title: 'State', cell: stateOf },
  { title: 'For', number: true, cell: (row) => seconds(row.seconds), order: (row) => row.seconds },
  {
    title: 'Transaction open for',
    number: true,
    cell: ({ transactionSeconds }) => seconds(transactionSeconds),
    order: ({ transactionSeconds }) => transactionSeconds,
  },
  { title: 'Waits for', cell: ({ waitsFor = '' }) => waitsFor },
  { title: 'Client', cell: ({ application, role }) => [application, role].filter(Boolean).join(', ') },
  { title: 'Process', number: true, cell: ({ pid }) => String(pid) },
];

function stateOf({ state, transactionSeconds }) {
  const isLong = state.startsWith('idle in transaction') && transactionSeconds >= LONG_IDLE_S;
  return isLong ? badge('warning', state) : state;
}

const LOCKS = [
  { title: 'Waits', cell: ({ statement }) => code(statement) },
  { title: 'For', number: true, cell: (row) => seconds(row.seconds), order: (row) => row.seconds },
  { title: 'On', cell: ({ on, mode }) => `${on} (${mode})` },
  { title: 'Held by', cell: ({ holder }) => code(holder.statement) },
  {
    title: 'Holder',
    cell: ({ holder }) =>
      `${holder.state}, transaction open for ${seconds(holder.seconds)}, process ${holder.pid}`,
  },
];

const SLOWEST = [
  { title: 'Statement', cell: ({ statement }) => code(statement) },
  {
    title: 'Total',
    number: true,
    cell: (row) => seconds(row.totalSeconds),
    order: (row) => row.totalSeconds,
  },
  { title: 'Mean', number: true, cell: (row) => seconds(row.meanSeconds), order: (row) => row.meanSeconds },
  { title: 'Longest', number: true, cell: (row) => seconds(row.maxSeconds), order: (row) => row.maxSeconds },
  { title: 'Calls', number: true, cell: ({ calls }) => formatted(calls), order: ({ calls }) => calls },
  { title: 'Rows', number: true, cell: ({ rows }) => formatted(rows), order: ({ rows }) => rows },
  {
    title: 'Blocks read',
    number: true,
    cell: ({ blocksRead }) => formatted(blocksRead),
    order: ({ blocksRead }) => blocksRead,
  },
];

const UNUSED = [
  { title: 'Index', cell: ({ index }) => index, order: ({ index }) => index },
  { title: 'Table', cell: ({ table }) => table, order: ({ table }) => table },
  {
    title: 'Size',
    number: true,
    cell: ({ bytes }) => formatted(bytes, 'bytes'),
    order: ({ bytes }) => bytes,
  },
];

const KEYS = [
  { title: 'Table', cell: ({ table }) => table, order: ({ table }) => table },
  { title: 'Columns', cell: ({ columns }) => columns },
  { title: 'Refers to', cell: ({ referenced }) => referenced },
  { title: 'Rows', number: true, cell: ({ rows }) => formatted(rows), order: ({ rows }) => rows },
];

const WHOLE = [
  { title: 'Table', cell: ({ table }) => table, order: ({ table }) => table },
  {
    title: 'Scans of all rows',
    number: true,
    cell: ({ scans }) => formatted(scans),
    order: ({ scans }) => scans,
  },
  {
    title: 'Rows a scan',
    number: true,
    cell: ({ rowsPerScan }) => formatted(rowsPerScan),
    order: ({ rowsPerScan }) => rowsPerScan,
  },
  {
    title: 'Index scans',
    number: true,
    cell: ({ indexScans }) => formatted(indexScans),
    order: ({ indexScans }) => indexScans,
  },
];

/** The parts of the report, the most urgent first. */
const PARTS = [
  ['locks', 'Waiting for locks', 'Nobody waits for a lock.', LOCKS, (row) => `${row.pid} ${row.holder.pid}`],
  ['activity', 'Running now', 'No statement runs.', RUNNING, ({ pid }) => pid],
  ['slowest', 'Statements by total time', 'No statement was counted.', SLOWEST],
  ['keysWithoutIndex', 'Foreign keys without an index', 'Every foreign key has an index.', KEYS],
  ['tablesReadWhole', 'Large tables read as a whole', 'No large table is often read as a whole.', WHOLE],
  ['unusedIndexes', 'Unused indexes', 'Every index is used.', UNUSED],
];

/** A part of the report: its table, or the reason why there is none. */
class ReportPart {
  constructor([name, title, empty, columns, key]) {
    this.name = name;
    this.table = new DataTable({ caption: title, columns, empty, key });
    this.problem = element('p', { class: 'muted', hidden: true });
    this.title = title;
    this.node = element('section', { class: 'stack' }, this.table.node, this.problem);
  }

  update({ rows, problem, note }) {
    this.table.node.hidden = rows === undefined;
    if (rows !== undefined) this.table.update(rows);
    const text = problem === undefined ? note : `${this.title}: ${problem}`;
    this.problem.textContent = text ?? '';
    this.problem.hidden = text === undefined;
  }
}

/** The activity, locks, statements and indexes of a PostgreSQL database now. They are asked only while this is shown. */
const postgresql = {
  async load(page) {
    const [, name = ''] = page.arguments;
    const [report] = await Promise.all([
      read('dependencies/postgresql', { name }),
      styleSheet('panels.css'),
      styleSheet('diagnostics.css'),
    ]);
    return () => {
      const { memory } = page;
      if (!memory.has('parts')) {
        memory.set(
          'parts',
          PARTS.map((part) => new ReportPart(part)),
        );
        memory.set('read', element('p', { class: 'muted' }));
        fill(
          page.main,
          backLink(page),
          element('h1', {}, `PostgreSQL ${name}`),
          memory.get('read'),
          ...memory.get('parts').map(({ node }) => node),
        );
      }
      const { readAt, countedSince } = report;
      const since =
        countedSince === undefined
          ? ''
          : ` The server counts since ${new Date(countedSince).toLocaleString()}.`;
      memory.get('read').textContent = `Read at ${clock(readAt)} over a connection of its own.${since}`;
      for (const part of memory.get('parts')) part.update(report[part.name]);
    };
  },
};

function backLink(page) {
  return element('p', {}, element('a', { href: page.link('dependencies') }, '← All dependencies'));
}

function jobColumns(page, queue, canRetry) {
  const columns = [
    { title: 'Job', cell: ({ name, id }) => `${name} (${id})`, order: ({ name }) => name },
    { title: 'Reason', cell: reasonOf },
    {
      title: 'Failed',
      cell: ({ failedAt }) => (failedAt === undefined ? '–' : ago(failedAt)),
      order: ({ failedAt }) => failedAt,
    },
    {
      title: 'Attempts',
      number: true,
      cell: ({ attempts }) => String(attempts),
      order: ({ attempts }) => attempts,
    },
  ];
  if (!canRetry) return columns;
  const buttons = new Map();
  const button = ({ id }) => {
    // A button is kept, with its focus and what it says.
    if (!buttons.has(id)) buttons.set(id, retryButton(page, 'Retry', { queue, job: id }));
    return buttons.get(id);
  };
  return [...columns, { title: 'Action', cell: button }];
}

function reasonOf({ reason, stack }) {
  if (stack.length === 0) return reason;
  return element('details', {}, element('summary', {}, reason), stackList(stack));
}

function retryButton(page, text, body) {
  return actionButton(text, async () => {
    await post('dependencies/retry', body);
    page.refresh();
  });
}

/** The failed jobs of a queue. */
const queue = {
  async load(page) {
    const [, name = ''] = page.arguments;
    const [{ jobs, total, canRetry }] = await Promise.all([
      read('dependencies/jobs', { queue: name }),
      styleSheet('panels.css'),
      styleSheet('diagnostics.css'),
    ]);
    return () => {
      const { memory } = page;
      if (!memory.has('table')) {
        const table = new DataTable({
          caption: 'Failed jobs, the latest first',
          columns: jobColumns(page, name, canRetry),
          key: ({ id }) => id,
          empty: 'No job has failed for good.',
        });
        memory.set('table', table);
        memory.set('all', element('div', { class: 'row' }));
        fill(page.main, backLink(page), element('h1', {}, `Queue ${name}`), memory.get('all'), table.node);
        if (canRetry) memory.get('all').append(retryAllButton(page, name));
        else {
          memory
            .get('all')
            .append(element('p', { class: 'muted' }, 'Set endpoints.auth to retry jobs from the dashboard.'));
        }
      }
      memory.get('all').hidden = total === 0;
      memory.get('table').update(jobs, total - jobs.length);
    };
  },
};

function retryAllButton(page, name) {
  return actionButton('Retry all failed jobs', async () => {
    if (!window.confirm(`Retry all failed jobs of the queue ${name}?`)) return;
    await post('dependencies/retry', { queue: name });
    page.refresh();
  });
}

/** The views by the kind in the address. */
export const DETAILS = { postgresql, queue };
