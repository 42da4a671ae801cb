import { element, fill } from './elements.js';

/** Returns an area whose code is loaded when it is opened; `prepare()` begins to load it. */
export function lazyArea(importArea) {
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
 * @param {[name: string, title: string, tab: { load: (page: any) => Promise<() => void>, leave?: () => void, redraw?: () => void }][]} tabs
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
 * @param {() => Promise<{ part: any }>} importPart
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
