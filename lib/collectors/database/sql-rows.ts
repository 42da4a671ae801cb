import type { SqlRow } from '../../integrations/sql/sql-sources.js';

/** Returns the number in a column, undefined if there is none. Drivers return 64-bit numbers as strings. */
export function numberIn(row: SqlRow | undefined, column: string): number | undefined {
  const value = row?.[column];
  if (value === null || value === undefined || value === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** Returns the string in a column, or `unknown`. */
export function textIn(row: SqlRow, column: string): string {
  const value = row[column];
  return typeof value === 'string' && value !== '' ? value : 'unknown';
}
