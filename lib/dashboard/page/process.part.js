import { element, fill, notice } from './elements.js';
import { at, bars, EntryList, facts, PART_NAMES, readPart, section } from './entries.js';
import { formatted } from './format.js';

const ms = (value) => formatted(value, 'milliseconds');
/** Time between two updates of what is in flight, in milliseconds. */
const REFRESH_MS = 2_000;

function inFlightList() {
  return new EntryList({
    title: 'In flight now',
    empty: 'Nothing is in flight.',
    key: ({ id }) => id,
    summary: ({ kind, name, route, ageMs, phase, waits }) => [
      element(
        'span',
        { class: 'row' },
        element('strong', {}, route ?? name ?? kind),
        element('span', { class: 'number' }, ms(ageMs)),
      ),
      ...(waits.length === 0
        ? [element('span', {}, phase === undefined ? 'Runs or waits for something unknown' : `In ${phase}`)]
        : waits.map(({ part, count, system, call }) =>
            element(
              'span',
              {},
              `Waits for ${system ?? (PART_NAMES[part] ?? part).toLowerCase()}${count > 1 ? `, ${formatted(count)} calls` : ''} `,
              call && element('code', {}, call),
            ),
          )),
    ],
    body: ({ id, kind, name, startedAt, phase, waits, times }) => [
      facts([
        ['Handler', name],
        ['Kind', kind],
        ['Phase', phase],
        ['Started', at(startedAt)],
        [
          'Waits at',
          waits
            .map(({ site }) => site)
            .filter(Boolean)
            .join(', '),
        ],
        ['ID', element('code', {}, id)],
      ]),
      bars(
        'Time by what it was spent on',
        Object.entries(times)
          .filter(([part]) => part !== 'total')
          .toSorted(([, a], [, b]) => b - a)
          .map(([part, time]) => ({
            name: PART_NAMES[part] ?? part,
            value: ms(time),
            share: times.total > 0 ? time / times.total : 0,
          })),
      ),
    ],
  });
}

function updateInFlight(memory, inFlight) {
  const list = memory.get('list');
  const note = memory.get('note');
  if (inFlight === undefined) {
    list.node.hidden = true;
    return;
  }
  const { operations, running, omitted, sampleRate } = inFlight;
  list.update(operations.toSorted((a, b) => b.ageMs - a.ageMs));
  note.textContent = [
    running > operations.length && `${formatted(running)} operations run.`,
    sampleRate < 1 && `Of ${formatted(sampleRate, 'ratio')} of operations it is known what they wait for.`,
    omitted > 0 && `${formatted(omitted)} are not shown.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function processFacts({ application, runtime, limits, watched }) {
  const { version, revision, name } = application;
  const cores = limits.containerCores;
  return [
    section(
      'This process',
      facts([
        ['Application', [name, version].filter(Boolean).join(' ')],
        ['Revision', revision],
        ['Started', at(runtime.startedAt)],
        ['Process ID', runtime.pid],
        ['Node.js', `${runtime.node} (V8 ${runtime.v8}), ${runtime.platform} ${runtime.arch}`],
        ['Monitoring', runtime.monitoring],
        ['Flags', runtime.flags.length > 0 && codes(runtime.flags)],
        ['NODE_OPTIONS', runtime.nodeOptions.length > 0 && codes(runtime.nodeOptions)],
      ]),
    ),
    section(
      'Limits',
      facts([
        ['Heap', formatted(limits.heapBytes, 'bytes')],
        ['Container', limits.containerBytes && formatted(limits.containerBytes, 'bytes')],
        ['Machine', formatted(limits.machineBytes, 'bytes')],
        [
          'Processors',
          `${limits.processors}${cores ? `, of which the container may use ${formatted(cores)}` : ''}`,
        ],
        ...systemLimits(limits.system ?? {}),
      ]),
    ),
    section(
      'Watched',
      facts(
        Object.entries(watched).map(([kind, names]) => [
          wordsOf(kind),
          names.length === 0 ? 'none' : names.join(', '),
        ]),
      ),
    ),
  ];
}

/** Returns the limits of the operating system; those that do not limit anything are left out. */
function systemLimits(system) {
  return Object.entries(system)
    .filter(([, { soft, hard }]) => soft !== null || hard !== null)
    .map(([name, { soft, hard }]) => {
      const [, words, unit] = /^(.*?)(Bytes|Seconds)?$/.exec(name);
      const text = limitText(soft, unit);
      return [wordsOf(words), hard === soft ? text : `${text} (hard limit ${limitText(hard, unit)})`];
    });
}

function limitText(value, unit) {
  if (value === null) return 'unlimited';
  return unit === undefined ? value.toLocaleString() : formatted(value, unit.toLowerCase());
}

/** Returns a name such as `openFiles` in words. */
function wordsOf(name) {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words[0].toUpperCase() + words.slice(1);
}

function codes(texts) {
  return element('span', { class: 'row' }, ...texts.map((text) => element('code', {}, text)));
}

function routeItem({ method, path, version, module, controller, handler, guards, interceptors, pipes }) {
  const names = [
    guards.length > 0 ? `guards: ${guards.join(', ')}` : 'no guard',
    interceptors.length > 0 && `interceptors: ${interceptors.join(', ')}`,
    pipes.length > 0 && `pipes: ${pipes.join(', ')}`,
  ].filter(Boolean);
  return [
    element('strong', {}, `${method} ${path}`),
    version && element('span', { class: 'muted' }, ` version ${version}`),
    element('small', {}, `${controller}.${handler} in ${module} · ${names.join(' · ')}`),
  ];
}

function moduleItem({ name, isGlobal, imports, providers, controllers }) {
  return [
    element('strong', {}, name),
    isGlobal && element('span', { class: 'muted' }, ' global'),
    element(
      'small',
      {},
      `${formatted(providers)} providers, ${formatted(controllers)} controllers${imports.length > 0 ? ` · imports ${imports.join(', ')}` : ''}`,
    ),
  ];
}

/** Returns a list that opens, with a field that filters it. */
function filteredList(title, items, omitted, contentOf) {
  const nodes = items.map((item) => element('li', {}, ...contentOf(item).filter(Boolean)));
  const input = element('input', { type: 'search', placeholder: 'Filter', 'aria-label': `Filter ${title}` });
  input.addEventListener('input', () => {
    const text = input.value.toLowerCase();
    for (const node of nodes) node.hidden = !node.textContent.toLowerCase().includes(text);
  });
  return element(
    'details',
    { class: 'box' },
    element('summary', {}, `${title} (${formatted(items.length + omitted)})`),
    element(
      'div',
      { class: 'stack' },
      input,
      element('ul', { class: 'plain' }, ...nodes),
      omitted > 0 && element('p', { class: 'muted' }, `${formatted(omitted)} more are not shown.`),
    ),
  );
}

function optionTree(options) {
  return element(
    'details',
    { class: 'box' },
    element('summary', {}, 'Options of the monitoring'),
    element('pre', {}, JSON.stringify(options, null, 2)),
  );
}

let timer;

/** The process, and its operations in flight. */
export const part = {
  async load(page) {
    const [inFlight, report] = await Promise.all([
      readPart('in-flight'),
      page.memory.has('list') ? page.memory.get('report') : readPart('process'),
    ]);
    return (node) => {
      const { memory } = page;
      if (!memory.has('list')) {
        if (inFlight === undefined && report === undefined) {
          fill(node, notice('No process report', 'diagnostics.processInfo is off.'));
          return;
        }
        memory.set('report', report);
        memory.set('list', inFlightList());
        memory.set('note', element('p', { class: 'muted' }));
        memory.get('list').node.append(memory.get('note'));
        fill(
          node,
          memory.get('list').node,
          ...(report === undefined
            ? []
            : [
                ...processFacts(report),
                filteredList('Routes', report.routes, report.omitted.routes, routeItem),
                filteredList('Modules', report.modules, report.omitted.modules, moduleItem),
                optionTree(report.options),
              ]),
        );
        timer = setInterval(() => document.hidden || page.refresh(), REFRESH_MS);
      }
      updateInFlight(memory, inFlight);
    };
  },
  leave: () => clearInterval(timer),
};
