import { colorsOf } from './colors.js';
import { context, zone } from './chart-context.js';
import { copyText, saveFile } from './copies.js';
import { element, graphic } from './elements.js';
import { clock, formatted } from './format.js';

const { uPlot } = globalThis;

const PLOT_HEIGHT = 170;
/** The cursors of all charts move together. */
const SYNC = 'monitoring';
/** The steps of an axis in bytes: its ticks are at 16 MiB, 32 MiB and so on. */
const BINARY_STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);
/** The steps of an axis in seconds, so that ticks are whole milliseconds, seconds and minutes. */
const SECOND_STEPS = [
  ...[1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1].flatMap((size) => [size, 2 * size, 5 * size]),
  10,
  15,
  30,
  60,
  120,
  300,
  600,
  1_800,
  3_600,
  7_200,
  21_600,
  86_400,
];
/** The size of a sparkline, in units of its view box. */
const SPARKLINE = { width: 120, height: 32 };
/** The shortest selection of a range, in pixels. */
const MIN_SELECTION = 6;
/** The distance from an event at which its text is shown, in pixels. */
const EVENT_REACH = 6;

const probe = element('span', { hidden: true });
document.body.append(probe);

/** The colors of the style sheet by theme and name: to ask for one makes the browser compute the style of the page. */
const colorCache = new Map();

/** Returns a color of the style sheet in a form that a canvas accepts, unlike `light-dark()`. */
function color(name) {
  const key = `${themeOf()} ${name}`;
  let found = colorCache.get(key);
  if (found === undefined) {
    probe.style.color = `var(${name})`;
    found = getComputedStyle(probe).color;
    colorCache.set(key, found);
  }
  return found;
}

/** Returns the theme that is shown. */
function themeOf() {
  const { theme } = document.documentElement.dataset;
  return theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
}

/**
 * A chart with a title, and a legend with the values at the cursor, or the latest ones.
 *
 * @param {{ title: string, help?: string, windowMs?: number, unit: string, times: number[], series: { name: string, values: (number | null)[], before?: (number | null)[] }[], omitted?: number, thresholds?: { value: number, severity: string }[], isStacked?: boolean, bands?: { from: number, to?: number }[], promQl?: string[] }} panel
 *   `before` are the values one range earlier, drawn faint; `bands` are times that are shaded
 */
export class Chart {
  constructor(panel) {
    this.panel = panel;
    this.plotted = element('div', { class: 'plot', 'aria-hidden': 'true' });
    this.legend = element('ul', { class: 'legend' });
    this.help = element('p', { class: 'help' });
    this.note = element('p', { class: 'empty', hidden: true }, 'No data in this time range');
    this.node = element(
      'figure',
      { class: 'panel', 'aria-label': panel.title },
      element('figcaption', {}, element('h2', {}, panel.title), this.menu(), this.help),
      this.note,
      this.plotted,
      this.legend,
    );
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plotted);
  }

  /** Shows new data. Draws a new plot only if the series have changed. */
  update(panel) {
    const shape = shapeOf(panel);
    const same = this.plot !== undefined && shape === this.shape;
    this.panel = panel;
    this.shape = shape;
    this.help.textContent = helpOf(panel);
    this.help.hidden = this.help.textContent === '';
    this.note.hidden = panel.series.some(({ values }) => values.some((value) => value !== null));
    if (same) this.plot.setData(dataOf(panel));
    else this.draw();
    this.showValues(this.plot?.cursor.idx);
  }

  /** Draws a new plot, in the colors of the theme. */
  draw() {
    this.plot?.destroy();
    this.plot = undefined;
    const width = this.plotted.clientWidth;
    if (width === 0) return;
    this.colors = colorsOf(
      this.panel.series.map(({ name }) => name),
      themeOf(),
    );
    this.plot = new uPlot(this.options(width), dataOf(this.panel), this.plotted);
  }

  remove() {
    this.observer.disconnect();
    this.plot?.destroy();
  }

  resize() {
    if (this.plot === undefined) this.update(this.panel);
    else this.plot.setSize({ width: this.plotted.clientWidth, height: PLOT_HEIGHT });
  }

  menu() {
    return element(
      'details',
      { class: 'menu' },
      element('summary', { 'aria-label': `Copy ${this.panel.title}` }, '⋯'),
      element(
        'div',
        { class: 'menu-items' },
        menuButton('Copy PromQL', () => {
          const { promQl = [] } = this.panel;
          return promQl.length > 0 ? copied(promQl.join('\n')) : 'Not in PromQL';
        }),
        menuButton('Copy JSON', () => copied(JSON.stringify(this.panel, null, 2))),
        menuButton('Save PNG', () => this.savePicture()),
      ),
    );
  }

  options(width) {
    const { unit, series, thresholds = [], isStacked, bands = [] } = this.panel;
    const axis = {
      stroke: color('--muted'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    const { colors } = this;
    const compared = series.flatMap(({ before }, i) => (before === undefined ? [] : [i]));
    return {
      width,
      height: PLOT_HEIGHT,
      legend: { show: false },
      tzDate: (seconds) => {
        const date = new Date(seconds * 1000);
        return context.isUtc ? uPlot.tzDate(date, 'Etc/UTC') : date;
      },
      cursor: { sync: { key: SYNC }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
      scales: {
        x: { time: true, range: (_, min, max) => timeRange(this.panel, min, max) },
        y: { range: (_, min, max) => rangeOf(min, max, thresholds, unit) },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: 28,
          font: axisFont(),
          values: (plot, splits) => splits.map((at) => timeLabel(at, plot.scales.x)),
        },
        {
          ...axis,
          size: 68,
          incrs: stepsOf(unit),
          font: axisFont(),
          values: (_, splits) => splits.map((value) => formatted(value, unit)),
        },
      ],
      series: [
        {},
        ...series.map((_, i) => ({
          stroke: colors[i],
          width: isStacked ? 1 : 1.75,
          fill: isStacked ? `${colors[i]}cc` : series.length === 1 ? `${colors[i]}22` : undefined,
          points: { show: true, size: 5, fill: colors[i], filter: isolatedPoints },
          spanGaps: false,
        })),
        ...compared.map((i) => ({
          stroke: `${colors[i]}77`,
          width: 1.25,
          dash: [4, 3],
          points: { show: false },
          spanGaps: false,
        })),
      ],
      hooks: {
        drawClear: [(plot) => drawBands(plot, bands)],
        draw: [(plot) => drawEvents(plot), (plot) => drawThresholds(plot, thresholds)],
        setCursor: [(plot) => this.moveTo(plot.cursor.idx)],
        setSelect: [(plot) => selectRange(plot)],
      },
    };
  }

  /** Shows the values at the cursor, unless they are shown already: it moves by pixels, and in all charts at once. */
  moveTo(index) {
    if (index !== this.shownIndex || eventAt(this.plot) !== this.shownEvent) this.showValues(index);
  }

  /** @param {number | null | undefined} index the index at the cursor; without it, the latest values are shown */
  showValues(index) {
    this.shownIndex = index;
    this.shownEvent = eventAt(this.plot);
    const { series, unit, times, omitted = 0 } = this.panel;
    const isAtCursor = typeof index === 'number';
    const entries = series.map(({ name, values, before }, i) => {
      // A series that has ended has no latest value.
      const at = isAtCursor ? index : values.length - 1;
      const swatch = element('span', { class: 'swatch' });
      swatch.style.backgroundColor = this.colors?.[i] ?? '';
      const earlier = before?.[at];
      return element(
        'li',
        {},
        swatch,
        element('span', { class: 'name', title: name }, name),
        element('span', { class: 'value' }, formatted(values[at], unit)),
        typeof earlier === 'number' &&
          element('span', { class: 'when' }, `before ${formatted(earlier, unit)}`),
      );
    });
    const at = isAtCursor ? times[index] : undefined;
    if (at !== undefined) entries.unshift(element('li', { class: 'when' }, clock(at)));
    const event = isAtCursor ? this.shownEvent : undefined;
    if (event !== undefined) {
      entries.push(element('li', { class: 'when' }, `${clock(event.at)}: ${event.text}`));
    }
    if (omitted > 0) {
      const lines = `The ${series.length} lines with the highest peaks; ${omitted} more are not drawn`;
      entries.push(element('li', { class: 'when' }, lines));
    }
    this.legend.replaceChildren(...entries);
  }

  /** Saves the chart with its title and its legend as a picture. */
  savePicture() {
    const { plot, panel, colors } = this;
    if (plot === undefined) return 'Nothing is drawn';
    const source = plot.ctx.canvas;
    const scale = devicePixelRatio;
    const line = 18 * scale;
    const canvas = element('canvas', {
      width: source.width,
      height: source.height + line * (2 + panel.series.length),
    });
    const ctx = canvas.getContext('2d');
    ctx.fillStyle = color('--surface');
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    ctx.fillStyle = color('--text');
    ctx.font = `600 ${14 * scale}px system-ui, sans-serif`;
    ctx.fillText(panel.title, 8 * scale, line);
    ctx.drawImage(source, 0, line * 1.5);
    ctx.font = `${12 * scale}px system-ui, sans-serif`;
    panel.series.forEach(({ name, values }, i) => {
      const y = source.height + line * (2 + i);
      ctx.fillStyle = colors[i];
      ctx.fillRect(8 * scale, y - 9 * scale, 10 * scale, 10 * scale);
      ctx.fillStyle = color('--text');
      ctx.fillText(`${name}  ${formatted(values.at(-1), panel.unit)}`, 24 * scale, y);
    });
    return new Promise((resolve) => {
      canvas.toBlob((blob) => {
        if (blob !== null) saveFile(`${panel.title.replaceAll(/[^\w]+/g, '-').toLowerCase()}.png`, blob);
        resolve(blob === null ? 'Not saved' : 'Saved');
      });
    });
  }
}

/** Returns a button that says for a moment what it has done. */
function menuButton(text, run) {
  const button = element('button', { type: 'button' }, text);
  button.addEventListener('click', async () => {
    button.textContent = (await run()) ?? text;
    setTimeout(() => (button.textContent = text), 2_000);
  });
  return button;
}

async function copied(text) {
  return (await copyText(text)) ? 'Copied' : 'Not copied';
}

function stepsOf(unit) {
  if (unit.startsWith('bytes')) return BINARY_STEPS;
  return unit === 'seconds' ? SECOND_STEPS : undefined;
}

/** Returns the indexes of the points of a line that no line leads to, which only a dot can show. */
function isolatedPoints(plot, seriesIndex) {
  const values = plot.data[seriesIndex];
  const isKnown = (i) => values[i] !== null && values[i] !== undefined;
  return values.flatMap((_, i) => (isKnown(i) && !isKnown(i - 1) && !isKnown(i + 1) ? [i] : []));
}

/** Returns the help text, and the window of the rates and percentiles. */
function helpOf({ help, windowMs }) {
  const window = windowMs === undefined ? undefined : `Over ${formatted(windowMs, 'milliseconds')}.`;
  return [help, window].filter(Boolean).join(' ');
}

/** Returns everything but the values: panels of the same shape share a plot. */
function shapeOf({ unit, series, thresholds, isStacked, bands }) {
  const lines = series.map(({ name, before }) => [name, before !== undefined]);
  return JSON.stringify([unit, lines, thresholds, isStacked, bands, context.isUtc]);
}

function axisFont() {
  return '12px system-ui, sans-serif';
}

function dataOf({ times, series, isStacked }) {
  const lines = series.map(({ values }) => values);
  return [
    times.map((time) => time / 1000),
    ...(isStacked ? stacked(lines) : lines),
    ...series.flatMap(({ before }) => (before === undefined ? [] : [before])),
  ];
}

/** Returns the sums of each line and those after it, so that each is drawn over the ones before. */
function stacked(lines) {
  const sums = [];
  for (const line of lines.toReversed()) {
    const above = sums[0];
    sums.unshift(
      line.map((value, i) =>
        value === null && !above?.[i] ? (above?.[i] ?? null) : (value ?? 0) + (above?.[i] ?? 0),
      ),
    );
  }
  return sums;
}

/** Returns the whole range of the page, in seconds, whether there is data in all of it or not. */
function timeRange({ times }, min, max) {
  const until = context.until ?? times.at(-1);
  if (context.rangeMs === undefined || until === undefined) return [min ?? 0, max ?? 1];
  return [(until - context.rangeMs) / 1000, until / 1000];
}

function timeLabel(seconds, { min, max }) {
  const isLong = max - min > 600;
  const options = {
    hourCycle: 'h23',
    hour: '2-digit',
    minute: '2-digit',
    ...(!isLong && { second: '2-digit' }),
    ...zone(),
  };
  return new Date(seconds * 1000).toLocaleTimeString([], options);
}

/** Returns the range of the value axis: from zero, with room for thresholds near the values. */
function rangeOf(min, max, thresholds, unit) {
  if (min === null || max === null) return [0, 1];
  const near = thresholds.map(({ value }) => value).filter((value) => value < max * 4);
  const highest = Math.max(max, ...near);
  const top = highest <= 0 ? 1 : highest * 1.08;
  if (unit === 'timestamp') return [min, max];
  return [Math.min(0, min), unit === 'percent' && highest <= 100 ? Math.min(105, top) : top];
}

function selectRange(plot) {
  const { left, width } = plot.select;
  if (width < MIN_SELECTION) return;
  const [from, to] = [left, left + width].map((x) => Math.round(plot.posToVal(x, 'x') * 1000));
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  context.onSelect(from, to);
}

/** Returns the event next to the cursor of a plot. */
function eventAt(plot) {
  const left = plot?.cursor.left ?? -1;
  if (left < 0) return undefined;
  return context.events.find(({ at }) => Math.abs(plot.valToPos(at / 1000, 'x') - left) <= EVENT_REACH);
}

const EVENT_COLORS = { critical: '--bad', warning: '--warn', ok: '--good', info: '--muted' };

function drawEvents(plot) {
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { at, severity } of context.events) {
    const x = Math.round(plot.valToPos(at / 1000, 'x', true)) + 0.5;
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue;
    const size = 4 * devicePixelRatio;
    ctx.strokeStyle = color(EVENT_COLORS[severity] ?? '--muted');
    ctx.fillStyle = ctx.strokeStyle;
    ctx.setLineDash([2, 3]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x - size, bbox.top - size);
    ctx.lineTo(x + size, bbox.top - size);
    ctx.lineTo(x, bbox.top + size);
    ctx.fill();
  }
  ctx.restore();
}

function drawBands(plot, bands) {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = color('--bad-surface');
  for (const { from, to } of bands) {
    const start = Math.max(plot.valToPos(from / 1000, 'x', true), bbox.left);
    const end = to === undefined ? Infinity : plot.valToPos(to / 1000, 'x', true);
    const width = Math.min(end, bbox.left + bbox.width) - start;
    if (width > 0) ctx.fillRect(start, bbox.top, Math.max(width, 2), bbox.height);
  }
  ctx.restore();
}

function drawThresholds(plot, thresholds) {
  const { ctx, bbox } = plot;
  for (const { value, severity } of thresholds) {
    const y = Math.round(plot.valToPos(value, 'y', true)) + 0.5;
    if (!(y >= bbox.top && y <= bbox.top + bbox.height)) continue;
    ctx.save();
    ctx.strokeStyle = color(severity === 'critical' ? '--bad' : '--warn');
    ctx.setLineDash([6, 4]);
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
}

/** Returns a small chart without axes, with one threshold. */
export function sparkline(values, threshold) {
  const { width, height } = SPARKLINE;
  const known = values.filter((value) => value !== null);
  if (known.length < 2)
    return graphic('svg', { class: 'sparkline', viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
  const near = threshold !== undefined && threshold < Math.max(...known) * 3 ? [threshold] : [];
  const top = Math.max(...known, ...near, Number.MIN_VALUE) * 1.05;
  const x = (i) => ((i / (values.length - 1)) * width).toFixed(1);
  const y = (value) => (height - 1 - (value / top) * (height - 2)).toFixed(1);
  let path = '';
  values.forEach((value, i) => {
    if (value !== null) path += `${path === '' || values[i - 1] === null ? 'M' : 'L'}${x(i)} ${y(value)}`;
  });
  return graphic(
    'svg',
    {
      class: 'sparkline',
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: 'none',
      'aria-hidden': 'true',
    },
    near.length > 0 &&
      graphic('line', { class: 'limit', x1: 0, x2: width, y1: y(threshold), y2: y(threshold) }),
    graphic('path', { d: path }),
  );
}
