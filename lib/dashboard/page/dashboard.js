const REFRESH_MS = 2_000;

const source = document.querySelector('script[data-source]').dataset.source;
const status = document.querySelector('#status');
const rows = document.querySelector('#series');
const filter = document.querySelector('#filter');
const empty = document.querySelector('#empty');

/** What the application said last. */
let latest;

const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 4 });
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });

/** Units by the end of a metric's name, as people write them. */
const FORMATS = [
  [/_start_time_seconds$/, (value) => new Date(value * 1000).toLocaleString()],
  [/_seconds(_total)?$/, formatSeconds],
  [/_bytes(_total)?$/, formatBytes],
  [/_ratio$/, (value) => `${number.format(value * 100)} %`],
];

function formatSeconds(value) {
  if (value === 0) return '0 s';
  if (Math.abs(value) < 1e-3) return `${number.format(value * 1e6)} µs`;
  if (Math.abs(value) < 1) return `${number.format(value * 1e3)} ms`;
  return `${number.format(value)} s`;
}

function formatBytes(value) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), units.length - 1);
  return `${number.format(value / 1024 ** step)} ${units[step]}`;
}

function formatValue(name, value) {
  if (value === null) return '–';
  const format = FORMATS.find(([pattern]) => pattern.test(name))?.[1];
  if (format) return format(value);
  return Math.abs(value) >= 1e6 ? compact.format(value) : number.format(value);
}

function describe(metric, series) {
  if (metric.type !== 'histogram') return formatValue(metric.name, series.value);
  const [p50, p95, p99] = ['p50', 'p95', 'p99'].map((key) => formatValue(metric.name, series[key]));
  return `${number.format(series.count)} ×\np50 ${p50} · p95 ${p95} · p99 ${p99}`;
}

function cell(text) {
  const element = document.createElement('td');
  element.textContent = text;
  return element;
}

function rowOf(metric, series) {
  const row = document.createElement('tr');
  const name = cell(metric.name);
  name.title = metric.help;
  const labels = Object.entries(series.labels).map(([label, value]) => `${label}=${value}`);
  row.append(name, cell(labels.join(' ')), cell(describe(metric, series)));
  return row;
}

function noteOf(metric) {
  const row = document.createElement('tr');
  row.append(cell(metric.name), cell(`and ${metric.omitted} more series`), cell(''));
  return row;
}

/** What the application does comes first, then the process, then what is about the monitoring itself. */
const ORDER = [/^http_/, /^(?!process_|nodejs_|monitoring_)/, /^process_|^nodejs_/, /^monitoring_/];

function rank({ name }) {
  return ORDER.findIndex((pattern) => pattern.test(name));
}

function render() {
  const wanted = filter.value.trim().toLowerCase();
  const metrics = latest.metrics
    .filter(({ name, series }) => series.length > 0 && name.toLowerCase().includes(wanted))
    .toSorted((a, b) => rank(a) - rank(b));
  rows.replaceChildren(
    ...metrics.flatMap((metric) => [
      ...metric.series.map((series) => rowOf(metric, series)),
      ...(metric.omitted > 0 ? [noteOf(metric)] : []),
    ]),
  );
  empty.hidden = metrics.length > 0;
}

function say(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

async function refresh() {
  try {
    const response = await fetch(source, { headers: { accept: 'application/json' } });
    if (response.ok) {
      latest = await response.json();
      say(latest.status, `${latest.status}, at ${new Date(latest.timestamp).toLocaleTimeString()}`);
      render();
    } else {
      say('lost', `The application answered ${response.status}. Trying again…`);
    }
  } catch {
    say('lost', 'The application does not answer. Trying again…');
  }
  setTimeout(refresh, REFRESH_MS);
}

filter.addEventListener('input', () => latest && render());
await refresh();
