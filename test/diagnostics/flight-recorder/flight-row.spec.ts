import { describe, expect, it } from '@jest/globals';
import { TEXT_BYTES } from '../../../lib/diagnostics/flight-recorder/flight-ring.js';
import {
  boundedSample,
  entryText,
  type FlightSample,
  MAX_ITEMS,
  readEntry,
} from '../../../lib/diagnostics/flight-recorder/flight-row.js';
import { entryOf, NOW } from './flight-entries.js';

describe('an entry of the flight recorder', () => {
  it('is read as it was written', () => {
    for (const entry of [
      entryOf({}),
      entryOf({ entry: { asked: { signal: 'SIGTERM', time: NOW } } }),
      entryOf({
        entry: {
          error: { error: 'OrderError', site: '', origin: 'uncaughtException' },
          end: { code: 1, signal: '', isClosed: false },
        },
      }),
    ]) {
      expect(readEntry(entryText(entry))).toEqual(entry);
    }
  });

  it.each([
    '',
    'null',
    '1',
    '[]',
    '{}',
    '{"process":{}}',
    '{"process":',
    '"text"',
    '{"process":{"pid":"1"}}',
  ])('is none if the text is %j', (text) => {
    expect(readEntry(text)).toBeUndefined();
  });

  it('has no value of a wrong type or size, whoever has written it', () => {
    const hostile = {
      process: { pid: 1, version: '\u001b[2J\nx'.repeat(1000), host: 7, boot: null },
      row: {
        time: '1',
        rssBytes: [1],
        vitals: { __proto__: 1, a: 'x', b: 2, ['\u0007']: 3 },
        routes: Array.from({ length: 1000 }, () => ({ name: { toString: 1 }, perSecond: null })),
        operations: 'no',
        errors: [null, 1, { error: 'E', secret: 'hunter2' }],
      },
      end: 7,
      error: 'no',
      asked: [],
    };
    const entry = readEntry(JSON.stringify(hostile));
    expect(entry?.process.version.length).toBeLessThanOrEqual(120);
    expect(JSON.stringify(entry)).not.toMatch(/(?<!\\)\\u00(1b|07)|hunter2|__proto__/);
    expect(entry?.row).toMatchObject({ time: 0, rssBytes: 0, operations: [], alerts: [] });
    expect(entry?.end).toBeUndefined();
    expect(entry?.row.routes).toHaveLength(MAX_ITEMS);
    expect(entry?.row.errors.map(({ error }) => error)).toEqual(['', '', 'E']);
  });

  it('fits into its slot once its lists are short, however long the names of the application are', () => {
    const text = '\u{1f600}'.repeat(10_000);
    const list = <T>(item: T): T[] => Array.from({ length: 100 }, () => item);
    const sample: FlightSample = {
      vitals: Object.fromEntries(list(0).map((_, i) => [`${i}${text}`, 1 / 3])),
      routes: list({ name: text, perSecond: 1 / 3 }),
      operations: list({ name: text, ageMs: 1 }),
      errors: list({ error: text, site: text, count: 1, lastSeenAt: NOW }),
      alerts: list({ rule: text, severity: text }),
    };
    const entry = entryOf({ row: boundedSample(sample) });
    expect(entry.row.routes).toHaveLength(MAX_ITEMS);
    expect(Buffer.byteLength(entryText(entry))).toBeGreaterThan(TEXT_BYTES);
    expect(readEntry(entryText(entry, 0))?.row.routes).toEqual([]);
  });
});
