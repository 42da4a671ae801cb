import type { Measured } from './measure.js';
import type { Row } from './cases/case.js';

const DIGITS = 3;

/** A row as text: each peer with its median and quartiles, and how many times ours it is. */
export function formatRow({ title, unit, results }: Row): string {
  const [first, ...others] = Object.entries(results).toSorted(([a], [b]) => rank(a) - rank(b));
  const [ourName, ours] = first!;
  const lines = [title, `  ${cell(ourName, ours, unit)}`];
  for (const [name, measured] of others) {
    lines.push(`  ${cell(name, measured, unit)}   ${formatNumber(measured.median / ours.median)} × ours`);
  }
  return lines.join('\n');
}

export function formatNumber(value: number): string {
  return value.toLocaleString('en', {
    maximumSignificantDigits: value >= 100 ? Math.ceil(Math.log10(value + 1)) : DIGITS,
  });
}

function cell(name: string, { median, low, high }: Measured, unit: string): string {
  const figure = `${formatNumber(median)} ${unit}`;
  const spread = low === high ? '' : `(${formatNumber(low)}–${formatNumber(high)})`;
  return `${name.padEnd(24)} ${figure.padStart(12)}  ${spread.padEnd(20)}`;
}

/** Ours first. */
function rank(name: string): number {
  return name === 'nestjs-monitoring' ? 0 : 1;
}
