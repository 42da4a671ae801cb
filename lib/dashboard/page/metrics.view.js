import { Chart } from './charts.js';
import { read } from './connection.js';
import { element, fill, sortableTable } from './elements.js';
import { formatted, labelText } from './format.js';

const LIST_COLUMNS = [
  {
    title: 'Metric',
    value: ({ name }) => name,
    text: ({ name }) => element('a', { href: `#/explore/metrics/${encodeURIComponent(name)}` }, name),
  },
  { title: 'Type', value: ({ type }) => type },
  seriesColumn(),
  { title: 'Description', value: ({ help }) => help },
];

function seriesColumn() {
  return {
    title: 'Series',
    number: true,
    value: ({ seriesCount }) => seriesCount,
    text: ({ seriesCount }) => formatted(seriesCount),
  };
}

async function loadList(page) {
  const metrics = await read('metrics');
  return () => {
    const shown = page.memory.get('list');
    if (shown !== undefined) {
      shown(metrics);
      return;
    }
    const filter = element('input', {
      id: 'filter',
      type: 'search',
      placeholder: 'http, process, deals…',
      autocomplete: 'off',
    });
    const list = element('div');
    let all = metrics;
    const show = () => {
      const searched = filter.value.trim().toLowerCase();
      const rows = all.filter(({ name, help }) => `${name} ${help}`.toLowerCase().includes(searched));
      list.replaceChildren(
        sortableTable(LIST_COLUMNS, {
          rows,
          caption: 'Metrics',
          sortBy: 'Metric',
          descending: false,
          empty: 'No metric matches the filter.',
          remember: page.memory,
        }),
      );
    };
    filter.addEventListener('input', show);
    page.memory.set('list', (latest) => {
      all = latest;
      if (!list.contains(document.activeElement)) show();
    });
    fill(
      page.main,
      element('h1', {}, 'Metrics'),
      element('div', { class: 'row' }, element('label', { for: 'filter' }, 'Filter metrics'), filter),
      list,
    );
    show();
  };
}

function address(name, tags) {
  return `#/${['explore', 'metrics', name, ...tags].map(encodeURIComponent).join('/')}`;
}

function tagLinks({ name, availableTags }, tags) {
  return availableTags.map(({ tag, values }) =>
    element(
      'p',
      { class: 'row' },
      element('strong', {}, tag),
      ...values
        .slice(0, 20)
        .map((value) =>
          element('a', { href: address(name, [...tags, `${tag}:${value}`]) }, value || '(empty)'),
        ),
      values.length > 20 && element('span', { class: 'limit-text' }, `and ${values.length - 20} more`),
    ),
  );
}

function number(title, key, format) {
  return { title, number: true, value: (row) => row[key], text: (row) => formatted(row[key], format) };
}

function seriesColumns({ type, unit }) {
  const labels = {
    title: 'Labels',
    value: (row) => labelText(row.labels),
    text: (row) => element('code', {}, labelText(row.labels) || 'none'),
  };
  if (type !== 'histogram') return [labels, number('Value', 'value', unit)];
  return [labels, number('Count', 'count'), ...['p50', 'p95', 'p99'].map((each) => number(each, each, unit))];
}

function copyable(text) {
  const copy = element('button', { type: 'button' }, 'Copy');
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = 'Copied';
  });
  return element('p', { class: 'row' }, element('code', {}, text), copy);
}

let chart;

async function loadMetric(page, name, tags) {
  const query = new URLSearchParams([
    ...Object.entries(page.query({ name })),
    ...tags.map((tag) => ['tag', tag]),
  ]);
  const metric = await read('metric', query);
  return () => {
    if (chart === undefined || !chart.node.isConnected) chart = new Chart(metric.chart);
    page.memory.set('shown', true);
    fill(
      page.main,
      element('p', {}, element('a', { href: '#/explore/metrics' }, '← All metrics')),
      element(
        'div',
        { class: 'heading' },
        element('h1', {}, name),
        element('p', {}, `${metric.type}. ${metric.description}`),
      ),
      tags.length > 0 &&
        element(
          'p',
          { class: 'row' },
          ...tags.map((tag) => element('code', {}, tag)),
          element('a', { href: address(name, []) }, 'Clear filters'),
        ),
      element('div', { class: 'panels' }, chart.node),
      ...(metric.availableTags.length === 0
        ? []
        : [
            element(
              'section',
              { class: 'card' },
              element('h2', {}, 'Filter by label'),
              ...tagLinks(metric, tags),
            ),
          ]),
      sortableTable(seriesColumns(metric), {
        rows: metric.series,
        caption:
          metric.omitted > 0
            ? `The ${metric.series.length} largest series; ${formatted(metric.omitted)} smaller ones are not shown`
            : 'Series',
        key: 'Series',
        sortBy: metric.type === 'histogram' ? 'Count' : 'Value',
        empty: 'No series yet.',
        remember: page.memory,
      }),
      element('section', { class: 'card' }, element('h2', {}, 'PromQL'), ...metric.promQl.map(copyable)),
    );
    chart.update(metric.chart);
  };
}

/** The view of all metrics, and of one metric. */
export const metricsView = {
  load(page) {
    const [name, ...tags] = page.arguments;
    return name === undefined ? loadList(page) : loadMetric(page, name, tags);
  },
  leave: () => chart?.remove(),
  redraw: () => chart?.draw(),
};

/** The view of the number of series of each metric, and of the values of its labels. */
export const cardinalityView = {
  async load(page) {
    const metrics = await read('metrics');
    const total = metrics.reduce((sum, { seriesCount }) => sum + seriesCount, 0);
    const largest = Math.max(1, ...metrics.map(({ seriesCount }) => seriesCount));
    return () => {
      page.memory.set('shown', true);
      fill(
        page.main,
        element(
          'div',
          { class: 'heading' },
          element('h1', {}, 'Cardinality'),
          element('p', {}, `${formatted(total)} series in ${metrics.length} metrics`),
        ),
        sortableTable(
          [
            LIST_COLUMNS[0],
            { ...seriesColumn(), text: ({ seriesCount }) => share(seriesCount, largest) },
            {
              title: 'Label values',
              value: ({ labels }) => labels[0]?.values ?? 0,
              text: ({ labels }) =>
                labels.map(({ name, values }) => `${name}: ${formatted(values)}`).join(' · ') || 'none',
            },
          ],
          { rows: metrics, caption: 'Metrics by number of series', sortBy: 'Series', remember: page.memory },
        ),
      );
    };
  },
};

function share(count, largest) {
  const bar = element('span', { class: 'bar-cell' });
  bar.style.width = `${Math.max(1, (count / largest) * 100)}%`;
  return element('span', {}, formatted(count), bar);
}
