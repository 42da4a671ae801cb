import { read } from './connection.js';
import { saveFile } from './copies.js';
import { actionButton, element, patch } from './elements.js';
import { dateAndTime } from './format.js';

const RANGES = [
  ['5 min', 300_000],
  ['15 min', 900_000],
  ['1 h', 3_600_000],
];

/** The controls of the range and of what is shown, which are in the address. */
export class Toolbar {
  constructor(page, range, tools) {
    this.page = page;
    this.range = range;
    this.tools = tools;
    this.save = actionButton('Save incident as JSON', () => this.saveIncident());
    this.help = element('button', { type: 'button', 'aria-haspopup': 'dialog' }, 'Keys');
  }

  update() {
    const { page } = this;
    patch(
      this.range,
      ...RANGES.map(([title, rangeMs]) =>
        element(
          'button',
          {
            type: 'button',
            'aria-pressed': String(page.until === undefined && rangeMs === page.rangeMs),
            onclick: () =>
              page.setParameters({ range: rangeMs, from: undefined, to: undefined, pause: undefined }),
          },
          title,
        ),
      ),
      toggle('Pause', page.isPaused, () => page.togglePause()),
      page.until !== undefined &&
        element(
          'button',
          {
            type: 'button',
            class: 'fixed-range',
            title: 'Show the last minutes again',
            onclick: () => page.setParameters({ from: undefined, to: undefined, pause: undefined }),
          },
          `${dateAndTime(page.until - page.rangeMs)} – ${dateAndTime(page.until)} ✕`,
        ),
    );
    patch(
      this.tools,
      toggle('Compare with before', page.parameter('compare') !== undefined, () => page.toggle('compare')),
      toggle('UTC', page.parameter('utc') !== undefined, () => page.toggle('utc')),
      toggle('Kiosk', page.parameter('kiosk') !== undefined, () => page.toggle('kiosk')),
      this.save,
      this.help,
    );
  }

  async saveIncident() {
    const incident = await read('incident', this.page.query());
    const name = `incident-${incident.service}-${incident.at}`.replaceAll(/[^\w.-]+/g, '-');
    saveFile(`${name}.json`, JSON.stringify(incident, null, 2));
  }
}

function toggle(text, isOn, onclick) {
  return element('button', { type: 'button', 'aria-pressed': String(isOn), onclick }, text);
}
