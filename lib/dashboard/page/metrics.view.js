import { hrefOf } from './address.js';
import { Chart } from './charts.js';
import { read } from './connection.js';
import { copyText } from './copies.js';
import { breakable, element, fill, patch, sortableTable } from './elements.js';
import { formatted, labelText } from './format.js';
import { MoreRows } from './row-table.js';
import { readTrial, RuleForm, withTrial } from './rule.part.js';

const LIST_COLUMNS = [
  {
    title: 'Metric',
    value: ({ name }) => name,
    text: ({ name }) => element('a', { href: hrefOf('explore', 'metrics', name) }, ...breakable(name)),
  },
  { title: 'Type', value: ({ type }) => type, text: ({ type }) => element('span', { class: 'name' }, type) },
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
    if (!page.memory.has('list')) {
      const filter = element('input', {
        id: 'filter',
        type: 'search',
        placeholder: 'http, process, deals…',
        autocomplete: 'off',
        value: page.parameter('search'),
      });
      filter.addEventListener('input', () =>
        page.setParameters({ search: filter.value.trim(), limit: undefined }, { replace: true }),
      );
      page.memory.set('filter', filter);
      page.memory.set('list', element('div'));
      page.memory.set('more', allRows(page, 'metrics'));
      fill(
        page.main,
        element('h1', {}, 'Metrics'),
        element('div', { class: 'row' }, element('label', { for: 'filter' }, 'Filter metrics'), filter),
        page.memory.get('list'),
        page.memory.get('more').node,
      );
    }
    const searched = (page.parameter('search') ?? '').toLowerCase();
    const filter = page.memory.get('filter');
    if (document.activeElement !== filter) filter.value = page.parameter('search') ?? '';
    const rows = metrics.filter(({ name, help }) => `${name} ${help}`.toLowerCase().includes(searched));
    patch(
      page.memory.get('list'),
      sortableTable(LIST_COLUMNS, {
        rows,
        caption: 'Metrics',
        sortBy: 'Metric',
        descending: false,
        empty: 'No metric matches the filter.',
        remember: page.sorting,
        rowKey: ({ name }) => name,
        limit: page.memory.get('more').limit,
      }),
    );
    showOmitted(page.memory.get('more'), rows.length);
  };
}

/** Returns the end of a list that the browser has as a whole: it shows a part, since a phone would scroll for minutes. */
function allRows(page, noun) {
  return new MoreRows(page, noun, Infinity);
}

function showOmitted(more, count) {
  const shown = Math.min(count, more.limit);
  more.update(shown, count - shown);
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
          element(
            'a',
            { href: hrefOf('explore', 'metrics', name, ...tags, `${tag}:${value}`) },
            value || '(empty)',
          ),
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
  const onclick = async ({ currentTarget: button }) => {
    button.textContent = (await copyText(text)) ? 'Copied' : 'Not copied';
  };
  return element(
    'p',
    { class: 'row' },
    element('code', {}, text),
    element('button', { type: 'button', onclick }, 'Copy'),
  );
}

let chart;

async function loadMetric(page, name, tags) {
  const query = new URLSearchParams([
    ...Object.entries(page.query({ name })),
    ...tags.map((tag) => ['tag', tag]),
  ]);
  const [metric, trial] = await Promise.all([read('metric', query), readTrial(page, name, tags)]);
  return () => {
    if (!page.memory.has('parts')) {
      chart = new Chart(metric.chart);
      const parts = {
        head: element('div', { class: 'stack' }),
        rule: new RuleForm(page, metric),
        series: element('div', { class: 'stack' }),
        more: allRows(page, 'series'),
        promQl: element('div'),
      };
      page.memory.set('parts', parts);
      fill(
        page.main,
        parts.head,
        element('div', { class: 'panels wide' }, chart.node),
        parts.rule.node,
        parts.series,
        parts.more.node,
        parts.promQl,
      );
    }
    const { head, rule, series, more, promQl } = page.memory.get('parts');
    patch(
      head,
      element('p', {}, element('a', { href: '#/explore/metrics' }, '← All metrics')),
      element(
        'div',
        { class: 'heading' },
        element('h1', {}, ...breakable(name)),
        element('p', {}, `${metric.type}. ${metric.description}`),
      ),
      tags.length > 0 &&
        element(
          'p',
          { class: 'row' },
          ...tags.map((tag) => element('code', {}, tag)),
          element('a', { href: hrefOf('explore', 'metrics', name) }, 'Clear filters'),
        ),
    );
    patch(
      series,
      metric.availableTags.length > 0 &&
        element(
          'section',
          { class: 'card' },
          element('h2', {}, 'Filter by label'),
          ...tagLinks(metric, tags),
        ),
      sortableTable(seriesColumns(metric), {
        rows: metric.series,
        caption:
          metric.omitted > 0
            ? `The ${metric.series.length} largest series; ${formatted(metric.omitted)} smaller ones are not shown`
            : 'Series',
        key: 'Series',
        sortBy: metric.type === 'histogram' ? 'Count' : 'Value',
        empty: 'No series yet.',
        remember: page.sorting,
        rowKey: ({ labels }) => labelText(labels),
        limit: more.limit,
      }),
    );
    showOmitted(more, metric.series.length);
    patch(
      promQl,
      element('section', { class: 'card' }, element('h2', {}, 'PromQL'), ...metric.promQl.map(copyable)),
    );
    rule.update(trial);
    chart.update(withTrial(metric.chart, trial));
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
      if (!page.memory.has('parts')) {
        const parts = { list: element('div', { class: 'stack' }), more: allRows(page, 'metrics') };
        page.memory.set('parts', parts);
        fill(page.main, parts.list, parts.more.node);
      }
      const { list, more } = page.memory.get('parts');
      patch(
        list,
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
          {
            rows: metrics,
            caption: 'Metrics by number of series',
            sortBy: 'Series',
            remember: page.sorting,
            rowKey: ({ name }) => name,
            limit: more.limit,
          },
        ),
      );
      showOmitted(more, metrics.length);
    };
  },
};

function share(count, largest) {
  const bar = element('span', { class: 'bar-cell' });
  bar.style.width = `${Math.max(1, (count / largest) * 100)}%`;
  return element('span', {}, formatted(count), bar);
}
