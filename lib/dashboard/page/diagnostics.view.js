import { element, fill } from './elements.js';

/**
 * The parts of the view in navigation order. Their code is loaded when they are opened. `load(page)` of a part reads its
 * data and returns a function that shows it in an element.
 *
 * @type {[name: string, title: string, load: () => Promise<{ part: { load: (page: object) => Promise<(node: HTMLElement) => unknown> } }>][]}
 */
const PARTS = [
  ['causes', 'Causes', () => import('./causes.part.js')],
  ['process', 'Process', () => import('./process.part.js')],
  ['last-exit', 'Last exit', () => import('./last-exit.part.js')],
  ['memory', 'Memory', () => import('./memory.part.js')],
  ['profiles', 'Profiles', () => import('./profiles.part.js')],
  ['startup', 'Start-up', () => import('./startup.part.js')],
  ['log-levels', 'Log levels', () => import('./logs.part.js')],
];

/** The style sheet of this view, which is loaded with it. */
const styles = new Promise((resolve) => {
  const href = new URL('./diagnostics.css', import.meta.url);
  document.head.append(
    element('link', { rel: 'stylesheet', href, onload: () => resolve(), onerror: () => resolve() }),
  );
});

let current;

function navigation(name) {
  return element(
    'nav',
    { class: 'parts', 'aria-label': 'Diagnostics' },
    element(
      'ul',
      {},
      ...PARTS.map(([each, title]) =>
        element(
          'li',
          {},
          element('a', { href: `#/diagnostics/${each}`, 'aria-current': each === name && 'page' }, title),
        ),
      ),
    ),
  );
}

/** The view of the reasons behind what the other views show. */
export const view = {
  async load(page) {
    const { memory } = page;
    const [name, , loadPart] = PARTS.find(([each]) => each === page.arguments[0]) ?? PARTS[0];
    const [{ part }] = await Promise.all([loadPart(), styles]);
    const show = await part.load(page);
    return () => {
      if (!memory.has('content')) {
        memory.set('content', element('div', { class: 'stack sections' }));
        fill(page.main, element('h1', {}, 'Diagnostics'), navigation(name), memory.get('content'));
      }
      current = part;
      show(memory.get('content'));
    };
  },
  leave() {
    current?.leave?.();
    current = undefined;
  },
  redraw: () => current?.redraw?.(),
};
