import { element, fill, notice, sortableTable } from './elements.js';
import { bars, readPart, section } from './entries.js';
import { flame } from './flame.js';
import { formatted } from './format.js';

const ms = (value) => formatted(value, 'milliseconds');

const PHASES = {
  start: 'Start',
  node: 'Node.js',
  imports: 'Code of the application, until Nest begins',
  scan: 'Scan of the modules',
  instances: 'Providers and controllers',
  setup: 'Between the instances and the hooks',
  on_module_init: 'onModuleInit',
  on_application_bootstrap: 'onApplicationBootstrap',
  listen: 'Until it listens',
};

const LEGEND = [
  ['node', 'Phases'],
  ['package', 'Modules'],
  ['own', 'Providers and hooks'],
];
/** The kinds of frames by their depth: the whole start, phases, modules, then providers. */
const KINDS = ['node', 'node', 'package'];
/** The most steps in the list. */
const MAX_STEPS = 10;

function flameNode({ name, ms: value, children = [] }, depth = 0) {
  const rest = children.reduce((sum, child) => sum - child.ms, value);
  return {
    name: PHASES[name] ?? name,
    place: '',
    kind: KINDS[depth] ?? 'own',
    value,
    own: Math.max(0, rest),
    children: children.map((child) => flameNode(child, depth + 1)),
  };
}

const MODULE_COLUMNS = [
  { title: 'Module', value: ({ name }) => name },
  duration('Added', 'addedMs'),
  duration('Instances', 'instancesMs'),
  duration('Hooks', 'hooksMs'),
];

function duration(title, name) {
  return { title, number: true, value: (row) => row[name], text: (row) => ms(row[name]) };
}

function content({ startedAt, totalMs, phases, monitoring, modules, steps, omitted, tree }, memory) {
  const left = Math.max(0, steps.length - MAX_STEPS) + omitted.steps;
  return [
    section(
      `Started in ${ms(totalMs)}`,
      element(
        'p',
        { class: 'muted' },
        `At ${new Date(startedAt).toLocaleString()}. The monitoring took ${ms(monitoring.totalMs)} of it.`,
      ),
      bars(
        'Phases of the start',
        phases.map(({ phase, durationMs }) => ({
          name: PHASES[phase] ?? phase,
          value: ms(durationMs),
          share: durationMs / totalMs,
        })),
      ),
    ),
    section(
      'Flame graph',
      flame(flameNode(tree), { unit: 'milliseconds', caption: 'Flame graph of the start', legend: LEGEND }),
    ),
    section(
      'Slowest providers and hooks',
      bars(
        'Slowest providers and hooks',
        steps.slice(0, MAX_STEPS).map(({ name, module, kind, durationMs, addedMs }) => ({
          name,
          note: `${kind} in ${module}`,
          value: ms(addedMs),
          valueNote: durationMs > addedMs * 1.05 ? `took ${ms(durationMs)}` : undefined,
          share: addedMs / totalMs,
        })),
      ),
      left > 0 && element('p', { class: 'muted' }, `${formatted(left)} faster ones are not shown.`),
    ),
    sortableTable(MODULE_COLUMNS, {
      rows: modules,
      caption:
        omitted.modules > 0
          ? `The slowest modules; ${formatted(omitted.modules)} faster ones are not shown`
          : 'Modules',
      sortBy: 'Added',
      remember: memory,
    }),
  ];
}

/** The time that the application took to start, by phase, module and provider. */
export const part = {
  async load(page) {
    // A start is over: what is shown does not change.
    const report = page.memory.get('report') ?? (await readPart('startup'));
    return (node) => {
      const { memory } = page;
      if (memory.has('report')) return;
      if (report === undefined) {
        fill(
          node,
          notice('No start-up report', 'The application is still starting, or diagnostics.startup is off.'),
        );
        return;
      }
      memory.set('report', report);
      fill(node, ...content(report, memory));
    };
  },
};
