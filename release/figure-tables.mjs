/** The tables of README.md and docs/performance.md, made of release/figures.json: see figures.mjs, which measures it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONSUMERS, OTHER_NODES } from '../test/package/consumers.mjs';
import { TEMPLATES } from '../test/package/templates.mjs';
import { ROOT } from './locked-packages.mjs';
import { markdownTable } from './markdown-table.mjs';

/** The documents that have tables. */
export const DOCUMENTS = ['README.md', 'docs/performance.md'];
/** A table and what is around it: `<!-- figures: name -->` … `<!-- end of figures -->`. */
const BLOCK = /(<!-- figures: ([\w-]+) -->\n)[^]*?(<!-- end of figures -->)/g;

const OURS = 'nestjs-monitoring';
const PEERS = ['prom-client', 'OpenTelemetry', '@prometheus-io/client'];

/** The rows of the README: a title for those who do not read the benchmark, and the row of it. */
const HIGHLIGHTS = [
  ['`inc()` of a bound series', 'counter: bound inc()'],
  ['`inc({ 3 labels })`', 'counter: inc({3 labels})'],
  ['`observe({ 3 labels }, value)`', 'histogram: observe({3 labels}, v)'],
  ['a scrape of 100,000 counters', 'render 100,000 counters, again'],
  ['the longest block of the event loop in it', 'longest event-loop block while rendering 100,000 counters'],
  ['memory of a counter series', 'memory per series, 100,000 counters, after a scrape'],
  ['memory of a histogram series', 'memory per series, 10,000 histograms, after a scrape'],
  ['CPU of the import, over Nest', 'CPU of the import of the package, over Nest'],
];

/** The groups of docs/performance.md, by the titles of their rows. A row is in the first that fits. */
const GROUPS = [
  ['samples', /^(?:counter|gauge|histogram):/],
  ['decorators', /^decorated/],
  ['scrapes', /^(?:render|longest event-loop block)/],
  ['memory', /^memory per series/],
  ['pushes', /^(?:push|@opentelemetry\/api)/],
  ['start', /^/],
];

/** The suites of tests: what they prove, and how to repeat them. */
const SUITES = [
  ['unit', 'without a server', 'each part, and each HTTP behaviour on Express and Fastify', 'npm test'],
  [
    'services',
    'with real servers',
    'PostgreSQL, MariaDB, Redis, Prometheus, Alertmanager, Pushgateway, VictoriaMetrics, Chromium',
    'npm run test:services',
  ],
  ['security', 'of these, security', 'the claims of SECURITY.md', 'npm run test:services -- test/security'],
  [
    'fuzz',
    'of these, fuzzing',
    'hostile input is read back exactly or refused',
    'npm run test:services -- test/fuzz',
  ],
  [
    'faults',
    'of these, faults',
    'parts that throw, hang and leak cost only themselves',
    'npm run test:services -- test/faults',
  ],
  [
    'package',
    'of the package',
    'the packed package in the applications below',
    'node test/package/check.mjs',
  ],
];

/**
 * @typedef {typeof import('./figures.json')} Figures what was measured last
 * @returns {Figures}
 */
export function readFigures() {
  return JSON.parse(readFileSync(join(ROOT, 'release/figures.json'), 'utf8'));
}

/**
 * Replaces the tables of a document.
 *
 * @param {string} text
 * @param {Figures} figures
 * @throws {Error} for a table that does not exist
 */
export function withTables(text, figures) {
  return text.replaceAll(BLOCK, (_, start, name, end) => {
    const table = TABLES[name];
    if (table === undefined) {
      throw new Error(`There is no table \`${name}\`. Tables: ${Object.keys(TABLES).join(', ')}.`);
    }
    return `${start}\n${table(figures)}\n${end}`;
  });
}

/** @type {Record<string, (figures: Figures) => string>} */
const TABLES = {
  highlights: (figures) => highlightsOf(figures),
  reliability: (figures) => reliabilityOf(figures),
  compatibility: () => compatibilityTable(),
  peers: ({ speed }) => peersLine(speed),
  requests: ({ requests }) => `${requestsTable(requests)}\n${captionOf(requests)}`,
  measured: ({ speed }) => captionOf(speed),
  successor: ({ speed }) => rowsTable(speed.successor),
  growth: ({ speed }) => growthTable(speed.growth),
  ...Object.fromEntries(
    GROUPS.map(([name]) => [
      name,
      ({ speed }) => rowsTable(speed.rows.filter(({ title }) => groupOf(title) === name)),
    ]),
  ),
};

function groupOf(title) {
  return GROUPS.find(([, pattern]) => pattern.test(title))[0];
}

/** When, where and how a part was measured. */
function captionOf({ measuredAt, machine, command, newerNode }) {
  const newer = newerNode === undefined ? '' : `, the successor of prom-client with ${newerNode},`;
  return `Measured on ${measuredAt} with Node.js ${machine.node}${newer} on ${machine.cores} cores of ${machine.cpu}; again: \`${command}\`.\n`;
}

function highlightsOf({ speed, requests }) {
  const shown = HIGHLIGHTS.map(([title, of]) => {
    const row = speed.rows.find((each) => each.title === of);
    if (row === undefined) throw new Error(`release/figures.json has no row "${of}".`);
    return [title, ...cellsOf(row, PEERS.slice(0, 2))];
  });
  const byAdapter = ['express', 'fastify'].map((adapter) => {
    const of = (subject) =>
      requests.rows.find((row) => row.adapter === adapter && row.subject.startsWith(subject));
    return [
      `CPU of a request over bare Nest, ${adapter === 'express' ? 'Express' : 'Fastify'}`,
      overheadOf(of('nestjs-monitoring')),
      overheadOf(of('prom-client')),
      '–',
    ];
  });
  const head = ['', OURS, ...PEERS.slice(0, 2)];
  const captions = [
    captionOf({ ...speed, newerNode: undefined }),
    `Requests: ${captionOf(requests).replace('M', 'm')}`,
  ];
  return `${markdownTable([head, ...shown, ...byAdapter])}\n${captions.join('\n')}`;
}

/** Rows of the benchmark, with a column for each program that any of them has. */
function rowsTable(rows) {
  const names = new Set(rows.flatMap(({ results }) => Object.keys(results)));
  names.delete(OURS);
  const others = [
    ...PEERS.filter((peer) => names.has(peer)),
    ...[...names].filter((name) => !PEERS.includes(name)),
  ];
  return markdownTable([['', OURS, ...others], ...rows.map((row) => [row.title, ...cellsOf(row, others)])]);
}

function cellsOf({ unit, results }, others) {
  const ours = results[OURS].median;
  return [
    formatted(ours, unit),
    ...others.map((name) => {
      const median = results[name]?.median;
      return median === undefined ? '–' : `${formatted(median, unit)} (${significant(median / ours, 2)} ×)`;
    }),
  ];
}

function requestsTable({ rows }) {
  const subjects = [...new Set(rows.map(({ subject }) => subject))];
  const cell = (adapter, subject) =>
    overheadOf(rows.find((row) => row.adapter === adapter && row.subject === subject));
  return markdownTable([
    ['CPU time over the application without it', 'Express', 'Fastify'],
    ...subjects.map((subject) => [subject, cell('express', subject), cell('fastify', subject)]),
  ]);
}

function percent(share) {
  return `${(Math.abs(share) * 100).toFixed(1)} %`;
}

function overheadOf(row) {
  if (row === undefined) return '–';
  return `${row.overhead < 0 ? '−' : '+'}${percent(row.overhead)} ± ${percent(row.precision)}`;
}

function growthTable(rows) {
  const of = (unit) => rows.filter((row) => row.unit === unit);
  const cells = (unit) => of(unit).map(({ results }) => formatted(Object.values(results)[0].median, unit));
  return markdownTable([
    ['series', ...of('ns').map(({ title }) => Number(title).toLocaleString('en'))],
    ['`inc({ 3 labels })`', ...cells('ns')],
    ['scrape', ...cells('ms')],
  ]);
}

function peersLine({ machine, peers }) {
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return `The versions compared are ${versions.slice(0, -1).join(', ')} and ${versions.at(-1)}, on Node.js ${machine.node}.\n`;
}

function reliabilityOf({ tests, soak }) {
  const rows = SUITES.filter(([name]) => tests.suites[name] !== undefined).map(
    ([name, title, proof, command]) => [
      title,
      tests.suites[name].toLocaleString('en'),
      proof,
      `\`${command}\``,
    ],
  );
  const requests = soak.requests.toLocaleString('en');
  rows.push([
    `${soak.minutes} minutes of load`,
    String(soak.checks),
    `${requests} requests are counted once each; memory goes from ${soak.warmMegabytes} to ${soak.endMegabytes} MB`,
    `\`${soak.command}\``,
  ]);
  return `${markdownTable([['tests', 'number', 'what they prove', 'again'], ...rows], 'lrll')}\nCounted on ${tests.measuredAt} with Node.js ${tests.machine.node}; all of it again: \`npm run figures\`.\n`;
}

function byVersion(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** What test/package/check.mjs installs the package into. */
function compatibilityTable() {
  const nodes = ['20', ...OTHER_NODES].join(', ');
  const consumers = CONSUMERS.map(({ type, manager = 'npm', dependencies, compilations = [], starts }) => {
    const compilers = [dependencies.typescript, ...compilations.map(({ version }) => version)];
    const minors = [...new Set(compilers.map((version) => version.split('.').slice(0, 2).join('.')))];
    return [
      dependencies['@nestjs/core'],
      type === 'module' ? 'ES modules' : 'CommonJS',
      manager,
      dependencies.rxjs,
      minors.toSorted(byVersion).join(', '),
      ['Express', 'Fastify'].filter((adapter) => starts.some(({ title }) => title === adapter)).join(', '),
      starts.some(({ onEveryNode = true }) => onEveryNode) ? nodes : '20',
    ];
  });
  const templates = TEMPLATES.map(({ major, extension, nest }) => [
    `\`nest new\` ${major}${nest === undefined ? '' : ` with Nest ${nest.replace(/^\^(\d+).*/, '$1')}`}`,
    extension === '' ? 'CommonJS' : 'ES modules',
    'npm',
    'its own',
    'its own',
    'Express',
    '20',
  ]);
  const head = ['Nest', 'modules', 'installed by', 'rxjs', 'TypeScript', 'adapters', 'Node.js'];
  return `${markdownTable([head, ...consumers, ...templates], 'l')}\nEach is installed from the packed package, compiled under \`strict\`, started, used and ended: \`node test/package/check.mjs\`.\n`;
}

function formatted(value, unit) {
  return `${significant(value, 3)} ${unit}`;
}

function significant(value, digits) {
  const whole = value >= 10 ** digits;
  return value.toLocaleString(
    'en',
    whole ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: digits },
  );
}
