import type { Row } from './cases/case.js';

const WIDTH = 720;
const HEIGHT = 300;
const MARGIN = { left: 70, right: 70, top: 40, bottom: 50 };

interface Scale {
  readonly min: number;
  readonly max: number;
}

/** Draws time by number of series, both on logarithmic scales: a straight line at 45° is linear growth. */
export function growthPlot(rows: readonly Row[]): string {
  const inc = pointsOf(rows, 'ns');
  const render = pointsOf(rows, 'ms');
  const x: Scale = { min: 2, max: 6 };
  const nanoseconds: Scale = { min: 0, max: 4 };
  const milliseconds: Scale = { min: -2, max: 3 };
  const sizes = inc.map(([size]) => size);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img">
<title>Cost of an increment and of a scrape by the number of series</title>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${MARGIN.left}" y="20" fill="#0b6bcb">● inc({3 labels}), ns (left)</text>
<text x="${WIDTH - MARGIN.right}" y="20" fill="#b8500f" text-anchor="end">■ scrape, ms (right)</text>
${sizes.map((size) => tick(place(size, x, MARGIN.left, WIDTH - MARGIN.right), size)).join('\n')}
${axis(nanoseconds, MARGIN.left - 8, 'end', '#0b6bcb')}
${axis(milliseconds, WIDTH - MARGIN.right + 8, 'start', '#b8500f')}
<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle" fill="#444">series</text>
${line(inc, x, nanoseconds, '#0b6bcb', 'circle')}
${line(render, x, milliseconds, '#b8500f', 'square')}
</svg>
`;
}

function pointsOf(rows: readonly Row[], unit: Row['unit']): [size: number, value: number][] {
  return rows
    .filter((row) => row.unit === unit)
    .map((row) => [Number(row.title), Object.values(row.results)[0]!.median]);
}

function place(value: number, { min, max }: Scale, from: number, to: number): number {
  return from + ((Math.log10(value) - min) / (max - min)) * (to - from);
}

function vertical(value: number, scale: Scale): number {
  return place(value, scale, HEIGHT - MARGIN.bottom, MARGIN.top);
}

function tick(at: number, size: number): string {
  const bottom = HEIGHT - MARGIN.bottom;
  return `<path d="M${at} ${MARGIN.top}V${bottom}" stroke="#eee"/><text x="${at}" y="${bottom + 18}" text-anchor="middle" fill="#444">${size.toLocaleString('en')}</text>`;
}

function axis(scale: Scale, at: number, anchor: 'start' | 'end', colour: string): string {
  return Array.from({ length: scale.max - scale.min + 1 }, (_, i) => 10 ** (scale.min + i))
    .map(
      (value) =>
        `<text x="${at}" y="${vertical(value, scale) + 4}" text-anchor="${anchor}" fill="${colour}">${value}</text>`,
    )
    .join('\n');
}

function line(
  points: readonly [number, number][],
  x: Scale,
  y: Scale,
  colour: string,
  shape: 'circle' | 'square',
): string {
  const places = points.map(([size, value]) => ({
    cx: place(size, x, MARGIN.left, WIDTH - MARGIN.right),
    cy: vertical(value, y),
    value,
  }));
  const marks = places.map(({ cx, cy, value }, i) => {
    const mark =
      shape === 'circle'
        ? `<circle cx="${cx}" cy="${cy}" r="4" fill="${colour}"/>`
        : `<rect x="${cx - 4}" y="${cy - 4}" width="8" height="8" fill="${colour}"/>`;
    const above = shape === 'circle' ? -10 : 20;
    // The first label goes to the right, out of the way of the axis.
    const anchor = i === 0 ? 'start' : 'middle';
    return `${mark}<text x="${cx}" y="${cy + above}" text-anchor="${anchor}" fill="${colour}">${Number(value.toPrecision(3))}</text>`;
  });
  const way = places.map(({ cx, cy }, i) => `${i === 0 ? 'M' : 'L'}${cx} ${cy}`).join('');
  return `<path d="${way}" fill="none" stroke="${colour}" stroke-width="2"/>\n${marks.join('\n')}`;
}
