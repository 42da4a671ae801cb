import { zone } from './chart-context.js';
import { read } from './connection.js';
import { element, fill } from './elements.js';
import { ago, clock } from './format.js';

/** The parts of the time of an operation. */
export const PART_NAMES = {
  database: 'Database',
  cache: 'Cache',
  remote: 'Other services',
  pool: 'Waiting for a connection of a pool',
  event_loop: 'Waiting for the event loop',
  application: 'Code of the application',
};

/** The most entries of a list that are shown at first. */
const FIRST = 10;

/**
 * A list of entries that open. Between updates they are kept by their keys, so that what is open or focused stays so.
 *
 * @template T
 */
export class EntryList {
  /**
   * @param {{ title: string, empty: string, key: (item: T) => string | number, summary: (item: T) => unknown[], body: (item: T) => unknown, keepsOpen?: boolean }} options
   *   `summary` and `body` return children; `body` is called when an entry is opened, and may return a promise; with
   *   `keepsOpen`, an entry that somebody reads stays after its item has left the list
   */
  constructor({ title, empty, ...options }) {
    this.options = options;
    this.entries = new Map();
    this.isWhole = false;
    this.count = element('span', { class: 'muted' });
    this.list = element('div', { class: 'entries' });
    this.empty = element('p', { class: 'empty', hidden: true }, empty);
    this.more = element('button', { type: 'button', hidden: true, onclick: () => this.showAll() });
    this.node = element(
      'section',
      { class: 'stack' },
      element('h2', {}, title, ' ', this.count),
      this.empty,
      this.list,
      this.more,
    );
  }

  /** @param {T[]} items */
  update(items) {
    this.items = items;
    // An entry that is open stays, however many come before it.
    const shown = items.filter((item, i) => this.isWhole || i < FIRST || this.isOpen(item));
    const entries = new Map();
    for (const item of shown) {
      const key = this.options.key(item);
      const entry = this.entries.get(key) ?? new Entry(this.options);
      entry.update(item);
      entries.set(key, entry);
    }
    for (const [key, entry] of this.entries) {
      if (entries.has(key)) continue;
      if (this.options.keepsOpen && entry.node.open) entries.set(key, entry);
      else entry.node.remove();
    }
    this.entries = entries;
    // An entry that stays in its place is not moved, which would take its focus.
    [...entries.values()].forEach(({ node }, i) => {
      if (this.list.children[i] !== node) this.list.insertBefore(node, this.list.children[i] ?? null);
    });
    this.count.textContent = items.length === 0 ? '' : String(items.length);
    this.empty.hidden = entries.size > 0;
    this.list.hidden = entries.size === 0;
    this.more.hidden = shown.length === items.length;
    this.more.textContent = `Show all ${items.length}`;
  }

  isOpen(item) {
    return this.entries.get(this.options.key(item))?.node.open === true;
  }

  showAll() {
    this.isWhole = true;
    this.update(this.items);
  }
}

class Entry {
  constructor({ summary, body }) {
    this.summaryOf = summary;
    this.bodyOf = body;
    this.summary = element('summary');
    this.body = element('div', { class: 'entry-body stack' });
    this.node = element('details', { class: 'entry' }, this.summary, this.body);
    this.node.addEventListener('toggle', () => void this.showBody());
  }

  update(item) {
    const text = JSON.stringify(item);
    this.isChanged ||= text !== this.text;
    this.text = text;
    this.item = item;
    const summary = element('summary', {}, ...this.summaryOf(item));
    // An equal summary is kept, with the text that is selected in it.
    if (summary.innerHTML !== this.summary.innerHTML) this.summary.replaceChildren(...summary.childNodes);
    void this.showBody();
  }

  async showBody() {
    if (!this.node.open || !this.isChanged) return;
    this.isChanged = false;
    const { text } = this;
    try {
      const body = await this.bodyOf(this.item);
      if (text === this.text) fill(this.body, ...[body].flat());
    } catch (error) {
      this.isChanged = true;
      fill(this.body, element('p', { class: 'error' }, error.message));
    }
  }
}

/** Returns the time of day and the age of a timestamp in milliseconds. */
export function when(timestamp) {
  return element(
    'time',
    {
      class: 'muted',
      datetime: new Date(timestamp).toISOString(),
      title: new Date(timestamp).toLocaleString(undefined, zone()),
    },
    `${clock(timestamp)}, ${ago(timestamp)}`,
  );
}

/** Returns the date and time of a timestamp in milliseconds. */
export function at(timestamp) {
  const date = new Date(timestamp);
  return element('time', { datetime: date.toISOString() }, date.toLocaleString(undefined, zone()));
}

/** Returns a list of names and values. Those without a value are left out. */
export function facts(rows) {
  return element(
    'dl',
    { class: 'facts' },
    ...rows
      .filter(([, value]) => ![undefined, null, false, ''].includes(value))
      .map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}

/** Returns an input with its label. */
export function field(label, input) {
  return element('label', { class: 'field' }, label, input);
}

/** Returns a list of the places of a stack trace, the innermost first. */
export function stackList(frames) {
  return element('ol', { class: 'frames' }, ...frames.map((frame) => element('li', {}, frame)));
}

/**
 * Returns a list with a bar for each row.
 *
 * @param {string} label
 * @param {{ name: string, note?: string, value: string, valueNote?: string, share: number }[]} rows the shares are from 0 to 1
 */
export function bars(label, rows) {
  return element(
    'ul',
    { class: 'bars', 'aria-label': label },
    ...rows.map(({ name, note, value, valueNote, share }) =>
      element(
        'li',
        {},
        element('span', {}, name),
        element('span', { class: 'number' }, value),
        (note || valueNote) && element('small', {}, note ?? ''),
        valueNote && element('small', { class: 'number' }, valueNote),
        element('progress', { max: 1, value: share, 'aria-hidden': 'true' }),
      ),
    ),
  );
}

/** Returns a section of a part, under a heading. */
export function section(title, ...children) {
  return element(
    'section',
    { class: 'stack' },
    element('h2', {}, title),
    ...children.filter((child) => child !== null && child !== undefined && child !== false),
  );
}

/** Reads from the API of the diagnostics. Returns undefined if that part is off. */
export async function readPart(name, parameters) {
  try {
    return await read(`diagnostics/${name}`, parameters);
  } catch (error) {
    if (error.status === 404) return undefined;
    throw error;
  }
}
