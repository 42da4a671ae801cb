import { element, fill } from './elements.js';

/**
 * What all areas share. `dashboard.js` has the only one; a tab sees it with a part of `main` and of `arguments`.
 *
 * @typedef {object} DashboardPage
 * @property {HTMLElement} main the element in which the area shows itself
 * @property {import('../overview.js').Overview | undefined} overview the latest overview; undefined before the first one
 * @property {boolean} isDenied true while the page asks for a sign-in, until a token is given
 * @property {string[]} arguments the items of the address after the area
 * @property {Map<string, unknown>} memory the state of what is shown, such as its elements; empty when another place is opened
 * @property {Map<string, () => void>} shown the functions that showed each place last, by its address
 * @property {number} rangeMs the range that is shown, in milliseconds
 * @property {number | undefined} until the end of the range, in milliseconds since the Unix epoch; undefined if it is now
 * @property {(name: string) => string | undefined} parameter returns a parameter of the address
 * @property {(values: Record<string, string | number | undefined>, options?: { replace?: boolean }) => void} setParameters changes parameters of the address; `replace` leaves no entry to go back to
 * @property {SortMemory} sorting the order of tables, in the address
 * @property {boolean} isPaused true while nothing is refreshed
 * @property {() => void} togglePause
 * @property {(name: string) => void} toggle sets a parameter to 1, or removes it
 * @property {(parameters?: Record<string, string | number>) => Record<string, string | number>} query returns parameters for the API, with the range
 * @property {(area: string, ...items: string[]) => string} link returns the fragment of a place
 * @property {() => Promise<void>} refresh reads and shows the place again
 *
 * @typedef {object} SortMemory the order of tables by their keys
 * @property {(key: string) => { by: string | undefined, descending: boolean } | undefined} get
 * @property {(key: string, order: { by: string | undefined, descending: boolean }) => unknown} set
 *
 * @typedef {object} Area an area, or a tab of one
 * @property {(page: DashboardPage) => Promise<() => void>} load reads the data and returns a function that shows it in `page.main`
 * @property {() => void} [leave] called before another place is shown
 * @property {() => void} [redraw] called after a change of the theme
 * @property {() => void} [prepare] begins to load the code of the area
 *
 * @typedef {object} Part the content of a tab with a title
 * @property {(page: DashboardPage) => Promise<(content: HTMLElement) => void>} load reads the data and returns a function that shows it
 * @property {() => void} [leave]
 * @property {() => void} [redraw]
 */

/**
 * Returns an area whose code is loaded when it is opened.
 *
 * @param {() => Promise<{ area: Area }>} importArea
 * @returns {Area & Required<Pick<Area, 'prepare'>>}
 */
export function lazyArea(importArea) {
  /** @type {Area | undefined} */
  let area;
  return {
    prepare() {
      importArea().catch(() => undefined);
    },
    async load(page) {
      ({ area } = await importArea());
      return area.load(page);
    },
    leave: () => area?.leave?.(),
    redraw: () => area?.redraw?.(),
  };
}

/**
 * Returns an area of several tabs. The first item of the address is the name of the tab; without it, the first tab is
 * shown. Each tab has the contract of an area: its `page.main` is the part below the tabs, and its `page.arguments` begin
 * after the name of the tab.
 *
 * @param {string} name
 * @param {string} label
 * @param {[name: string, title: string, tab: Area][]} tabs
 * @returns {Area}
 */
export function tabbedArea(name, label, tabs) {
  let current;
  return {
    async load(page) {
      const found = tabs.find(([each]) => each === page.arguments[0]);
      const [tabName, , tab] = found ?? tabs[0];
      const items = found === undefined ? page.arguments : page.arguments.slice(1);
      const content = page.memory.get('tab content') ?? element('div', { class: 'content' });
      const show = await tab.load(
        Object.create(page, { main: { value: content }, arguments: { value: items } }),
      );
      return () => {
        page.memory.set('tab content', content);
        current = tab;
        if (content.parentNode !== page.main) fill(page.main, element('nav'), content);
        page.main.firstChild.replaceWith(navigation(page, name, label, tabs, tabName));
        show();
      };
    },
    leave() {
      current?.leave?.();
      current = undefined;
    },
    redraw: () => current?.redraw?.(),
  };
}

function navigation(page, area, label, tabs, current) {
  return element(
    'nav',
    { class: 'parts', 'aria-label': label },
    element(
      'ul',
      {},
      ...tabs.map(([name, title]) =>
        element(
          'li',
          {},
          element('a', { href: page.link(area, name), 'aria-current': name === current && 'page' }, title),
        ),
      ),
    ),
  );
}

/**
 * Returns a tab made of a part: a module with `part`, whose `load(page)` returns a function that shows it in an element.
 * Its code and the style sheet of the parts are loaded when it is opened.
 *
 * @param {string} title
 * @param {() => Promise<{ part: Part }>} importPart
 * @returns {Area}
 */
export function partTab(title, importPart) {
  let current;
  return {
    async load(page) {
      const [{ part }] = await Promise.all([importPart(), styleSheet('diagnostics.css')]);
      const show = await part.load(page);
      return () => {
        let content = page.memory.get('content');
        if (content === undefined) {
          content = element('div', { class: 'stack sections' });
          page.memory.set('content', content);
          fill(page.main, element('h1', {}, title), content);
        }
        current = part;
        show(content);
      };
    },
    leave() {
      current?.leave?.();
      current = undefined;
    },
    redraw: () => current?.redraw?.(),
  };
}

const sheets = new Map();

/** Loads a style sheet of an area once. Never rejects: without it, the area is less nice. */
export function styleSheet(name) {
  let loading = sheets.get(name);
  if (loading === undefined) {
    loading = new Promise((resolve) => {
      const href = new URL(`./${name}`, import.meta.url);
      document.head.append(
        element('link', { rel: 'stylesheet', href, onload: () => resolve(), onerror: () => resolve() }),
      );
    });
    sheets.set(name, loading);
  }
  return loading;
}
