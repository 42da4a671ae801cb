import { describe, expect, it } from '@jest/globals';
import { StackTree } from '../../../lib/diagnostics/blocked-loop/block-flame.js';
import type { BlockFlame } from '../../../lib/diagnostics/blocked-loop/event-loop-block.js';
import { siteFinder } from '../../../lib/diagnostics/blocked-loop/find-site.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';

const FILE = import.meta.filename;
const SHORT = 'test/diagnostics/blocked-loop/block-flame.spec.ts';
const ROOT = process.cwd();

const own = (name: string, line = 1): string => `${name} (${FILE}:${line}:5)`;

function flame(samples: readonly (readonly [number, readonly string[]])[]): BlockFlame {
  const stacks = samples.map(([ms, frames]) => ({
    ms,
    isLate: false,
    silentMs: 0,
    stack: frames.map((frame) => `    at ${frame}`).join('\n'),
  }));
  return new StackTree(stacks, siteFinder(new CallSites(ROOT)), ROOT).flame();
}

const sizeOf = ({ children }: BlockFlame): number => children.reduce((sum, child) => sum + sizeOf(child), 1);

describe('the flame of a block', () => {
  it('joins the stack traces from the outermost function on, the longest first', () => {
    const timers = 'listOnTimeout (node:internal/timers:5:1)';
    expect(
      flame([
        [100, [own('Reports.sum', 7), own('Reports.all', 3), timers]],
        [250, ['JSON.parse (<anonymous>)', own('Reports.sum', 8), own('Reports.all', 4), timers]],
        [50, [own('Other.run'), timers]],
      ]),
    ).toEqual({
      name: '',
      value: 400,
      children: [
        {
          name: 'listOnTimeout (node:internal/timers)',
          value: 400,
          children: [
            {
              name: `Reports.all (${SHORT})`,
              value: 350,
              children: [
                {
                  name: `Reports.sum (${SHORT})`,
                  value: 350,
                  children: [{ name: 'JSON.parse (<anonymous>)', value: 250, children: [] }],
                },
              ],
            },
            { name: `Other.run (${SHORT})`, value: 50, children: [] },
          ],
        },
      ],
    });
  });

  it('tells functions without a name apart by their line', () => {
    const { children } = flame([
      [2, [`${FILE}:7:5`]],
      [1, [`${FILE}:9:5`]],
    ]);
    expect(children.map(({ name }) => name)).toEqual([`${SHORT}:7`, `${SHORT}:9`]);
  });

  it('is bounded, without losing time', () => {
    const found = flame(
      Array.from({ length: 100 }, (_, i) => [i, Array.from({ length: 60 }, (__, j) => own(`f${i}.${j}`))]),
    );
    expect(sizeOf(found)).toBe(200);
    expect(found.value).toBe(4_950);
    expect(found.children[0]?.name).toBe(`f99.59 (${SHORT})`);
    const [long] = flame([[1, [`${'long'.repeat(1_000)} (node:fs:1:1)`]]]).children;
    expect(long?.name.length).toBeLessThanOrEqual(300);
  });

  it('is empty without a stack trace', () => {
    expect(flame([])).toEqual({ name: '', value: 0, children: [] });
    expect(flame([[7, []]]).value).toBe(7);
  });
});
