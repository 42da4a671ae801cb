import { describe, expect, it } from '@jest/globals';
import { known, UNITS } from '../../../lib/dashboard/panels/content-limits.js';
import { readContent } from '../../../lib/dashboard/panels/panel-content.js';
import { inTimeSlices } from '../../../lib/primitives/time-slices.js';
import type { Unit } from '../../../lib/dashboard/views/panel.js';

async function page<T>(module: string): Promise<T> {
  return (await import(String(new URL(`../../../lib/dashboard/page/${module}`, import.meta.url)))) as T;
}

const { formatted } = await page<{ formatted: (value: number, unit?: string) => string }>('format.js');
const { context } = await page<{ context: { isUtc: boolean } }>('chart-context.js');

/** Returns a number in the language of this machine. */
function number(value: number): string {
  return new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 }).format(value);
}

/** The value 1 500 in each unit, as the page shows it. */
const SHOWN: Readonly<Record<Unit, string>> = {
  number: number(1_500),
  seconds: `${number(25)} min`,
  milliseconds: `${number(1.5)} s`,
  bytes: `${number(1.46)} KiB`,
  percent: `${number(1_500)} %`,
  ratio: `${number(150_000)} %`,
  'per second': `${number(1_500)}/s`,
  'bytes per second': `${number(1.46)} KiB/s`,
  timestamp: new Date('1970-01-01T00:25:00Z').toLocaleString(undefined, { timeZone: 'UTC' }),
};

describe('the units of a panel', () => {
  it('are all that the page knows, each with a form of its own', () => {
    context.isUtc = true;
    expect([...UNITS].toSorted()).toEqual(Object.keys(SHOWN).toSorted());
    for (const unit of UNITS) expect(formatted(1_500, unit)).toBe(SHOWN[unit]);
  });
});

describe('the limits of a panel', () => {
  it('bound what the page receives, however much a method returns', async () => {
    const many = <T>(value: T): T[] => Array<T>(2_000).fill(value);
    const text = 'x'.repeat(10_000);
    const title = text;
    const content = {
      text: many(text),
      figures: many({ title, value: text, note: text }),
      charts: many({ title, help: text, lines: many({ promql: 'up', name: text }) }),
      tables: many({ title, empty: text, columns: many(title), rows: many(many(text)) }),
      actions: Array.from({ length: 2_000 }, (_, i) => ({
        title: `${i}`,
        confirm: text,
        run: () => undefined,
      })),
    };
    const shown = await inTimeSlices(readContent(content));
    expect(JSON.stringify({ ...shown, tables: [] }).length).toBeLessThan(64 * 1024);
    const [table] = shown.tables;
    expect(JSON.stringify(table).length).toBeLessThan(1.25 * 1024 * 1024);
    expect(JSON.stringify(shown).length).toBeLessThan(10 * 1024 * 1024);
    expect(shown.notes).toHaveLength(5);
  });
});

describe('a member of an object', () => {
  it.each([null, false, 0, '', 'a'])('is there with the value %j', (value) => {
    expect(known('note', value)).toEqual({ note: value });
  });

  it('is left out if it has no value', () => {
    expect(Object.keys(known('note', undefined))).toEqual([]);
  });

  it('may have the name of one that all objects have', () => {
    expect(Object.keys(known('__proto__', 1))).toEqual(['__proto__']);
  });
});
