import type { Deal } from './deal.entity.js';

const COLUMNS = ['id', 'title', 'stage', 'amountCents', 'paidCents', 'currency', 'ownerId'] as const;

/** The lines of a CSV file, one deal a line after the names of the columns. */
export async function* dealsAsCsv(deals: AsyncIterable<Deal>): AsyncGenerator<string> {
  yield csvLine([...COLUMNS]);
  for await (const deal of deals) yield csvLine(COLUMNS.map((column) => deal[column]));
}

function csvLine(values: (string | number)[]): string {
  return `${values.map(csvValue).join(',')}\r\n`;
}

function csvValue(value: string | number): string {
  if (typeof value === 'number') return String(value);
  // A spreadsheet would run a text that begins like a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}
