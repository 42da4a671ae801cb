import { element } from './elements.js';

/** Time for the second key of a sequence, in milliseconds. */
const SEQUENCE_MS = 1_500;

/** The keys of areas, after `g`. */
const AREA_KEYS = {
  n: 'now',
  r: 'routes',
  e: 'errors',
  d: 'dependencies',
  p: 'process',
  x: 'explore',
};

/**
 * Listens to keys. A key that is typed into a field, or with a modifier, is none of ours.
 *
 * @param {{ open: (area: string) => void, pause: () => void, compare: () => void, utc: () => void, leave: () => void }} actions
 * @returns {() => void} shows the keys
 */
export function listenToKeys(actions) {
  let wentAt = -Infinity;
  const dialog = helpDialog();
  const help = () => {
    if (!dialog.isConnected) document.body.append(dialog);
    dialog.showModal();
  };
  document.addEventListener('keydown', (event) => {
    const { target, key, timeStamp } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || dialog.open) return;
    if (target.closest?.('input, select, textarea, [contenteditable]')) return;
    // By the times of the keys: a busy page receives them late.
    if (timeStamp - wentAt < SEQUENCE_MS) {
      wentAt = -Infinity;
      if (!Object.hasOwn(AREA_KEYS, key)) return;
      actions.open(AREA_KEYS[key]);
    } else if (key === 'g') wentAt = timeStamp;
    else if (key === '/') {
      const search = document.querySelector('main input[type=search]');
      if (search === null) return;
      search.focus();
      search.select();
    } else if (key === '?') help();
    else if (key === ' ' && target === document.body) actions.pause();
    else if (key === 'c') actions.compare();
    else if (key === 'u') actions.utc();
    else if (key === 'Escape') {
      actions.leave();
      return;
    } else return;
    event.preventDefault();
  });
  return help;
}

function helpDialog() {
  const rows = [
    ['/', 'Search on this page'],
    ...Object.entries(AREA_KEYS).map(([key, area]) => [`g ${key}`, area[0].toUpperCase() + area.slice(1)]),
    ['Space', 'Pause, or go on'],
    ['c', 'Compare with the range before'],
    ['u', 'Times in UTC'],
    ['?', 'These keys'],
    ['Esc', 'Leave the kiosk, or the selected range'],
    ['Drag', 'On a chart: select the range'],
  ];
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'keys-title' },
    element('h2', { id: 'keys-title' }, 'Keys'),
    element(
      'dl',
      { class: 'keys' },
      ...rows.map(([key, text]) =>
        element('div', {}, element('dt', {}, element('kbd', {}, key)), element('dd', {}, text)),
      ),
    ),
    element('button', { type: 'button', onclick: () => dialog.close() }, 'Close'),
  );
  return dialog;
}
