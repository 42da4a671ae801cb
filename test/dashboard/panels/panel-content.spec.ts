import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { PanelContentError } from '../../../lib/dashboard/panels/content-reader.js';
import { readContent, type ShownContent } from '../../../lib/dashboard/panels/panel-content.js';

function read(value: unknown): ShownContent {
  const steps = readContent(value);
  for (;;) {
    const { done, value: content } = steps.next();
    if (done) return content;
  }
}

describe('the content of a panel', () => {
  it('is shown as it was given', () => {
    const at = new Date('2026-03-01T12:00:00Z');
    const content = read({
      text: 'All is well.',
      figures: [{ title: 'Articles', value: 12n, state: 'ok', note: 'of 20' }],
      charts: [
        { title: 'Orders', lines: [{ metric: 'orders_total', labels: { shop: /a|b/ }, groupBy: ['shop'] }] },
        {
          title: 'Stock',
          unit: 'bytes',
          times: [at, at.getTime() + 1],
          series: [{ name: 's', values: [1, NaN] }],
        },
      ],
      tables: [
        {
          title: 'Rows',
          columns: ['a', { title: 'b', unit: 'seconds' }, 'c'],
          rows: [['x', 1.5, at], [null]],
        },
      ],
      actions: [{ title: 'Refill', confirm: 'Sure?', run: () => 'done' }],
    });
    expect(content).toMatchObject({
      text: ['All is well.'],
      figures: [{ title: 'Articles', value: 12, state: 'ok', note: 'of 20' }],
      charts: [
        { title: 'Orders', lines: [{ metric: 'orders_total', groupBy: ['shop'] }], omitted: 0 },
        { title: 'Stock', unit: 'bytes', series: [{ name: 's', values: [1, null] }], omitted: 0 },
      ],
      tables: [
        {
          rows: [
            ['x', 1.5, { at: at.getTime() }],
            [null, null, null],
          ],
          omitted: 0,
        },
      ],
      actions: [{ title: 'Refill', confirm: 'Sure?' }],
      notes: [],
    });
    expect(content.actions[0]?.run(AbortSignal.abort())).toBe('done');
  });

  it('may be nothing', () => {
    expect(read(undefined)).toEqual(read({}));
    expect(read(null).tables).toEqual([]);
  });

  it('says what it leaves out, and cuts what is too long', () => {
    const content = read({
      text: Array.from({ length: 25 }, () => 'x'.repeat(5_000)),
      tables: [
        { title: 't', columns: ['a'], rows: Array.from({ length: 1_000 }, (_, i) => [`${i}`.repeat(400)]) },
      ],
    });
    expect(content.text).toHaveLength(20);
    expect(content.text[0]).toHaveLength(1_000);
    expect(content.notes).toEqual(['5 more paragraphs are not shown.']);
    expect(content.tables[0]?.rows).toHaveLength(200);
    expect(content.tables[0]?.omitted).toBe(800);
    expect(String(content.tables[0]?.rows[7]?.[0])).toHaveLength(300);
    expect(
      read({ tables: [{ title: 't', columns: ['a'], rows: [['x']], total: 5_000 }] }).tables[0]?.omitted,
    ).toBe(4_999);
  });

  it('has no secrets in its texts', () => {
    const text = read({ text: 'postgres://shop:hunter2@db/shop' }).text[0];
    expect(text).toBe('postgres://***@db/shop');
  });

  it.each<[value: unknown, message: string]>([
    [17, '`the result` must be an object with text, figures, charts, tables or actions; got the number 17.'],
    [[], '`the result` must be an object'],
    ['<b>bold</b>', '`the result` must be an object'],
    [{ html: '<b>' }, '`html` is not known. Known: text, figures, charts, tables, actions.'],
    [{ text: [1] }, '`text[0]` must be a string; got the number 1.'],
    [{ figures: {} }, '`figures` must be a list; got an object.'],
    [{ figures: [{ value: 1 }] }, '`figures[0].title` must be a non-empty string; got undefined.'],
    [{ figures: [{ title: 'a', value: {} }] }, '`figures[0].value` must be a string, a number'],
    [{ figures: [{ title: 'a', value: 1, unit: 'miles' }] }, '`figures[0].unit` must be one of number'],
    [
      { charts: [{ title: 'a' }] },
      '`charts[0].lines` must be a list of lines, or `times` and `series` given',
    ],
    [{ charts: [{ title: 'a', lines: [{ metric: 'm', labels: 7 }] }] }, '`charts[0].lines[0].labels`'],
    [{ charts: [{ title: 'a', times: [2, 1], series: [] }] }, '`charts[0].times` must be in ascending order'],
    [
      { tables: [{ title: 'a', columns: [], rows: [] }] },
      '`tables[0].columns` must be a list of at least one',
    ],
    [
      { tables: [{ title: 'a', columns: ['b'], rows: ['c'] }] },
      '`tables[0].rows[0]` must be a list of values',
    ],
    [{ actions: [{ title: 'a' }] }, '`actions[0].run` must be a function; got undefined.'],
  ])('is refused with its place: %j', (value, message) => {
    expect(() => read(value)).toThrow(PanelContentError);
    expect(() => read(value)).toThrow(message);
  });

  it('has no two buttons of the same title', () => {
    const run = () => undefined;
    expect(() =>
      read({
        actions: [
          { title: 'a', run },
          { title: 'a', run },
        ],
      }),
    ).toThrow(/“a” is there twice/);
  });

  it('is bounded, or refused with an error, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            text: fc.anything(),
            figures: fc.anything(),
            charts: fc.oneof(
              fc.anything(),
              fc.array(fc.record({ title: fc.string(), lines: fc.anything() })),
            ),
            tables: fc.oneof(
              fc.anything(),
              fc.array(
                fc.record({
                  title: fc.string(),
                  columns: fc.array(fc.string()),
                  rows: fc.array(fc.array(fc.anything())),
                }),
              ),
            ),
          },
          { requiredKeys: [] },
        ),
        (value) => {
          let content: ShownContent;
          try {
            content = read(value);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            return;
          }
          expect(JSON.stringify(content).length).toBeLessThan(2_000_000);
        },
      ),
    );
  });
});
