import { applicationTime } from './chart-context.js';
import { download, post, read } from './connection.js';
import { actionButton, element, fill, notice } from './elements.js';
import { EntryList, facts, field, readPart, section, when } from './entries.js';
import { flame } from './flame.js';
import { treeOfAllocations, treeOfCpuProfile } from './flame-tree.js';
import { formatted } from './format.js';

const KINDS = {
  cpuProfile: 'CPU profile',
  allocations: 'Allocation profile',
  heapSnapshot: 'Heap snapshot',
  report: 'Diagnostic report',
};
/** The kinds that are drawn as a flame graph, with their format. */
const FLAMES = {
  cpuProfile: { format: 'cpuprofile', unit: 'milliseconds', treeOf: treeOfCpuProfile },
  allocations: { format: 'heapprofile', unit: 'bytes', treeOf: treeOfAllocations },
};
/** The largest profile that is drawn, in bytes. */
const MAX_DRAWN_BYTES = 32 * 1024 * 1024;
const SECONDS = [5, 10, 30, 60];
/** Time between two updates while a profile is captured, in milliseconds. */
const REFRESH_MS = 1_000;

function profileList() {
  return new EntryList({
    title: 'Profiles',
    empty: 'No profile has been captured.',
    key: ({ name }) => name,
    summary: ({ kind, reason, startedAt, durationMs, bytes }) => [
      element(
        'span',
        { class: 'row' },
        element('strong', {}, KINDS[kind] ?? kind),
        element('span', { class: 'number' }, formatted(bytes, 'bytes')),
      ),
      reason !== '' && element('span', {}, reason),
      element(
        'span',
        { class: 'row muted' },
        when(startedAt),
        `took ${formatted(durationMs, 'milliseconds')}`,
      ),
    ],
    body: async (profile) => [
      facts([['File', element('code', {}, profile.name)]]),
      element('p', { class: 'row' }, ...profile.formats.map((format) => downloadButton(profile, format))),
      ...(await flameOf(profile)),
    ],
  });
}

function downloadButton({ name }, format) {
  return actionButton(`Download ${format}`, () => download('diagnostics/profile', { name, format }));
}

async function flameOf({ kind, name, bytes }) {
  if (!Object.hasOwn(FLAMES, kind)) return [];
  if (bytes > MAX_DRAWN_BYTES) {
    return [element('p', { class: 'muted' }, 'It is too large to be drawn here.')];
  }
  const { format, unit, treeOf } = FLAMES[kind];
  const tree = treeOf(await read('diagnostics/profile', { name, format }));
  return [flame(tree, { unit, caption: `Flame graph of the ${KINDS[kind].toLowerCase()}` })];
}

/** The form that captures a profile. */
class CaptureForm {
  constructor(page, { canCapture }) {
    this.page = page;
    this.canCapture = canCapture;
    this.seconds = element(
      'select',
      {},
      ...SECONDS.map((seconds) =>
        element('option', { value: seconds, selected: seconds === 10 }, `${seconds} s`),
      ),
    );
    this.reason = element('input', { maxlength: 100 });
    this.buttons = Object.keys(KINDS).map((kind) => [
      kind,
      actionButton(KINDS[kind], () => this.capture(kind)),
    ]);
    this.controls = element(
      'fieldset',
      { class: 'stack' },
      element('div', { class: 'row' }, field('Duration', this.seconds), field('Reason', this.reason)),
      element('div', { class: 'row' }, ...this.buttons.map(([, button]) => button)),
    );
    this.snapshotNote = element('p', { class: 'muted' });
    this.running = element('p', { role: 'status' });
    this.node = section(
      'Capture',
      !canCapture &&
        element('p', { class: 'muted' }, 'Set endpoints.auth to capture profiles from the dashboard.'),
      this.controls,
      this.snapshotNote,
      this.running,
    );
  }

  async capture(kind) {
    // A snapshot or report takes the time that it takes: it has no duration to choose.
    const seconds = Object.hasOwn(FLAMES, kind) && { seconds: Number(this.seconds.value) };
    await post('diagnostics/profiles', { kind, ...seconds, reason: this.reason.value });
    await this.page.refresh();
  }

  update({ running, heapSnapshot }) {
    this.controls.disabled = !this.canCapture || running !== null;
    for (const [kind, { firstChild: button }] of this.buttons) {
      button.disabled = kind === 'heapSnapshot' && heapSnapshot?.isPossible === false;
    }
    this.snapshotNote.textContent = snapshotText(heapSnapshot);
    this.running.textContent = running === null ? '' : runningText(running);
  }
}

function snapshotText(estimate) {
  if (estimate === undefined) return '';
  const { isPossible, expectedPauseMs, requiredBytes, availableBytes } = estimate;
  if (isPossible) {
    return `A heap snapshot stops the process for about ${formatted(expectedPauseMs, 'milliseconds')}.`;
  }
  const available = availableBytes === null ? '' : `, and ${formatted(availableBytes, 'bytes')} are free`;
  return `A heap snapshot is not possible: it needs ${formatted(requiredBytes, 'bytes')}${available}.`;
}

function runningText({ kind, endsAt }) {
  const left = Math.ceil((endsAt - applicationTime()) / 1000);
  return `${KINDS[kind] ?? kind} is being captured${left > 0 ? `, ${left} s left` : ''}.`;
}

let timer;

/** The profiles that were captured, by people and by alerts. */
export const part = {
  async load(page) {
    const report = await readPart('profiles');
    return (node) => {
      const { memory } = page;
      if (!report?.isEnabled) {
        fill(node, notice('No profiles', 'Set diagnostics.profiles to capture them.'));
        return;
      }
      if (!memory.has('list')) {
        memory.set('list', profileList());
        memory.set('form', new CaptureForm(page, report));
        fill(node, memory.get('form').node, memory.get('list').node);
      }
      memory.get('form').update(report);
      memory.get('list').update(report.profiles);
      clearTimeout(timer);
      if (report.running !== null) timer = setTimeout(() => page.refresh(), REFRESH_MS);
    };
  },
  leave: () => clearTimeout(timer),
};
