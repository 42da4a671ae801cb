import type { Row } from './cases/case.js';
import { formatNumber } from './format-number.js';
import { OURS, verdictOf } from './goal.js';
import type { Measured } from './measure.js';

/** A row as text: each peer with its median and quartiles, how many times ours it is, and the goal. */
export function formatRow(row: Row): string {
  const { title, unit, results } = row;
  const [first, ...others] = Object.entries(results).toSorted(([a], [b]) => rank(a) - rank(b));
  const [ourName, ours] = first!;
  const lines = [title, `  ${cell(ourName, ours, unit)}`];
  for (const [name, measured] of others) {
    lines.push(`  ${cell(name, measured, unit)}   ${formatNumber(measured.median / ours.median)} × ours`);
  }
  const verdict = verdictOf(row);
  if (verdict !== undefined) {
    lines.push(`  goal ${verdict.wanted}: ${verdict.isMet ? 'met' : 'NOT MET'}, ${verdict.reached}`);
  }
  return lines.join('\n');
}

function cell(name: string, { median, low, high }: Measured, unit: string): string {
  const figure = `${formatNumber(median)} ${unit}`;
  const spread = low === high ? '' : `(${formatNumber(low)}–${formatNumber(high)})`;
  return `${name.padEnd(24)} ${figure.padStart(12)}  ${spread.padEnd(20)}`;
}

/** Ours first. */
function rank(name: string): number {
  return name === OURS ? 0 : 1;
}
