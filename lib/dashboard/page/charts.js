import { element, graphic } from './elements.js';
import { clock, formatted } from './format.js';

const { uPlot } = globalThis;

const PLOT_HEIGHT = 170;
/** The cursors of all charts move together. */
const SYNC = 'monitoring';
/** The steps of an axis in bytes: its ticks are at 16 MiB, 32 MiB and so on. */
const BINARY_STEPS = Array.from({ length: 50 }, (_, i) => 2 ** i);
/** The size of a sparkline, in units of its view box. */
const SPARKLINE = { width: 120, height: 32 };

const probe = element('span', { hidden: true });
document.body.append(probe);

/** Returns a color of the style sheet in a form that a canvas accepts, unlike `light-dark()`. */
function color(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

function seriesColor(index) {
  return color(`--series-${(index % 8) + 1}`);
}

/**
 * A chart with a title, and a legend with the values at the cursor, or the latest ones.
 *
 * @param {{ title: string, help?: string, windowMs?: number, unit: string, times: number[], series: { name: string, values: (number | null)[] }[], omitted?: number, thresholds?: { value: number, severity: string }[] }} panel
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
      element('figcaption', {}, element('h2', {}, panel.title), this.help),
      this.note,
      this.plotted,
      this.legend,
    );
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.plotted);
  }

  /** Shows new data. Draws a new plot only if the series have changed. */
  update(panel) {
    const same = this.plot !== undefined && shapeOf(panel) === shapeOf(this.panel);
    this.panel = panel;
    this.help.textContent = helpOf(panel);
    this.help.hidden = this.help.textContent === '';
    this.note.hidden = panel.series.some(({ values }) => values.some((value) => value !== null));
    if (same) this.plot.setData(dataOf(panel));
    else this.draw();
    this.showValues(null);
  }

  /** Draws a new plot, in the colors of the theme. */
  draw() {
    this.plot?.destroy();
    this.plot = undefined;
    const width = this.plotted.clientWidth;
    if (width === 0) return;
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

  options(width) {
    const { unit, series, thresholds = [], isStacked } = this.panel;
    const axis = {
      stroke: color('--muted'),
      grid: { stroke: color('--line'), width: 1 },
      ticks: { show: false },
    };
    return {
      width,
      height: PLOT_HEIGHT,
      legend: { show: false },
      cursor: { sync: { key: SYNC }, points: { size: 6 }, drag: { x: false, y: false } },
      scales: {
        x: { time: true },
        y: { range: (_, min, max) => rangeOf(min, max, thresholds, unit) },
      },
      axes: [
        {
          ...axis,
          space: 70,
          size: 28,
          font: axisFont(),
          values: (_, splits) => splits.map((at) => timeLabel(at, this.panel.times)),
        },
        {
          ...axis,
          size: 68,
          incrs: unit.startsWith('bytes') ? BINARY_STEPS : undefined,
          font: axisFont(),
          values: (_, splits) => splits.map((value) => formatted(value, unit)),
        },
      ],
      series: [
        {},
        ...series.map((_, i) => ({
          stroke: seriesColor(i),
          width: 1.75,
          fill: isStacked ? seriesColor(i) : series.length === 1 ? color('--series-fill') : undefined,
          points: { show: true, size: 5, fill: seriesColor(i), filter: isolatedPoints },
          spanGaps: false,
        })),
      ],
      hooks: {
        draw: [(plot) => drawThresholds(plot, thresholds)],
        setCursor: [(plot) => this.showValues(plot.cursor.idx)],
      },
    };
  }

  /** @param {number | null | undefined} index the index at the cursor; without it, the latest values are shown */
  showValues(index) {
    const { series, unit, times, omitted = 0 } = this.panel;
    const entries = series.map(({ name, values }, i) => {
      // A series that has ended has no latest value.
      const value = typeof index === 'number' ? values[index] : values.at(-1);
      const swatch = element('span', { class: 'swatch' });
      swatch.style.backgroundColor = seriesColor(i);
      return element(
        'li',
        {},
        swatch,
        element('span', { class: 'name', title: name }, name),
        element('span', { class: 'value' }, formatted(value, unit)),
      );
    });
    const at = typeof index === 'number' ? times[index] : undefined;
    if (at !== undefined) entries.unshift(element('li', { class: 'when' }, clock(at)));
    if (omitted > 0) {
      const lines = `The ${series.length} lines with the highest peaks; ${omitted} more are not drawn`;
      entries.push(element('li', { class: 'when' }, lines));
    }
    this.legend.replaceChildren(...entries);
  }
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
function shapeOf({ unit, series, thresholds }) {
  return JSON.stringify([unit, series.map(({ name }) => name), thresholds]);
}

function axisFont() {
  return '12px system-ui, sans-serif';
}

function dataOf({ times, series, isStacked }) {
  const lines = series.map(({ values }) => values);
  return [times.map((time) => time / 1000), ...(isStacked ? stacked(lines) : lines)];
}

/** Returns each line as the sum of it and those after it, so that the first is the whole and the others are drawn over it. */
function stacked(lines) {
  return lines.map((line, i) =>
    line.map((value, at) => {
      const rest = lines.slice(i).map((each) => each[at] ?? null);
      return rest.every((each) => each === null) ? null : rest.reduce((sum, each) => sum + (each ?? 0), 0);
    }),
  );
}

function timeLabel(seconds, times) {
  const long = times.at(-1) - times[0] > 600_000;
  const options = { hour12: false, hour: '2-digit', minute: '2-digit', ...(!long && { second: '2-digit' }) };
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
