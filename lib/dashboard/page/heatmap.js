import { element, graphic } from './elements.js';
import { clock, formatted } from './format.js';

/** The size of a cell, in units of the view box. */
const CELL = { width: 10, height: 14 };
/** The least opacity of a cell with requests. */
const MIN_OPACITY = 0.15;

/** A map of durations over time: the darker a cell, the more requests of its duration. */
export class Heatmap {
  constructor(title) {
    this.note = element('p', { class: 'help' }, HELP);
    this.empty = element('p', { class: 'empty', hidden: true }, 'No data in this time range');
    this.cells = graphic('g', {});
    this.picture = graphic('svg', { 'aria-hidden': 'true', preserveAspectRatio: 'none' }, this.cells);
    this.picture.addEventListener('pointermove', (event) => this.point(event));
    this.picture.addEventListener('pointerleave', () => this.point(undefined));
    this.bounds = element('ol', { class: 'bounds', 'aria-hidden': 'true' });
    this.times = element('p', { class: 'scale muted', 'aria-hidden': 'true' });
    this.list = element('ul', { class: 'visually-hidden' });
    this.text = '';
    this.node = element(
      'figure',
      { class: 'panel heatmap', 'aria-label': title },
      element('figcaption', {}, element('h2', {}, title), this.note),
      this.empty,
      element('div', { class: 'map' }, this.bounds, this.picture, this.times),
      this.list,
    );
  }

  /** @param {{ since: number, times: number[], buckets: { from: number, to: number | null, counts: number[] }[], max: number } | null} data */
  update(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    this.text = text;
    this.data = data;
    this.empty.hidden = data !== null;
    this.picture.parentNode.hidden = data === null;
    if (data === null) return;
    const { buckets, times, since, max } = data;
    const [columns, rows] = [times.length, buckets.length];
    this.picture.setAttribute('viewBox', `0 0 ${columns * CELL.width} ${rows * CELL.height}`);
    this.picture.style.height = `${Math.max(6, rows * 1.5)}rem`;
    this.cells.replaceChildren(...buckets.flatMap(({ counts }, row) => cellsOf(counts, rows - 1 - row, max)));
    // The slowest are on top.
    this.bounds.replaceChildren(
      ...buckets.toReversed().map(({ from, to }) => element('li', {}, boundText(from, to))),
    );
    this.times.replaceChildren(element('span', {}, clock(since)), element('span', {}, clock(times.at(-1))));
    this.list.replaceChildren(
      ...buckets
        .map(({ from, to, counts }) => [rangeText(from, to), counts.reduce((a, b) => a + b, 0)])
        .map(([range, count]) => element('li', {}, `${range}: ${formatted(count)} requests`)),
    );
  }

  /** Says what is in the cell at the pointer. */
  point(event) {
    this.note.textContent = event === undefined || !this.data ? HELP : (this.cellText(event) ?? HELP);
  }

  cellText({ clientX, clientY }) {
    const { left, top, width, height } = this.picture.getBoundingClientRect();
    const { times, since, buckets } = this.data;
    const column = Math.floor(((clientX - left) / width) * times.length);
    const bucket = buckets[buckets.length - 1 - Math.floor(((clientY - top) / height) * buckets.length)];
    if (bucket?.counts[column] === undefined) return undefined;
    const start = clock(times[column - 1] ?? since);
    const count = bucket.counts[column];
    return `${formatted(count)} ${count === 1 ? 'request' : 'requests'} of ${rangeText(bucket.from, bucket.to)}, ${start} – ${clock(times[column])}`;
  }
}

const HELP = 'Requests by duration: the darker, the more. The slowest are on top.';

function cellsOf(counts, row, max) {
  return counts.flatMap((count, column) => {
    if (count === 0) return [];
    // The square root shows few requests beside many.
    const opacity = MIN_OPACITY + (1 - MIN_OPACITY) * Math.sqrt(count / max);
    return [
      graphic('rect', {
        x: column * CELL.width,
        y: row * CELL.height,
        width: CELL.width,
        height: CELL.height,
        'fill-opacity': opacity.toFixed(3),
      }),
    ];
  });
}

function boundText(from, to) {
  return to === null ? `> ${formatted(from, 'seconds')}` : `≤ ${formatted(to, 'seconds')}`;
}

function rangeText(from, to) {
  return to === null
    ? `more than ${formatted(from, 'seconds')}`
    : `${formatted(from, 'seconds')} to ${formatted(to, 'seconds')}`;
}
