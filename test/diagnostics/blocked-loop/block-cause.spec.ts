import { describe, expect, it } from '@jest/globals';
import { causeOfBlock } from '../../../lib/diagnostics/blocked-loop/block-cause.js';
import { siteFinder } from '../../../lib/diagnostics/blocked-loop/find-site.js';
import { CallSites } from '../../../lib/instrumentation/requests/call-sites.js';

const FILE = import.meta.filename;
const own = (name: string, line = 1): string => `${name} (${FILE}:${line}:5)`;

/** Returns the cause of a block with stack traces of these times and frames. */
function cause(
  traces: readonly (readonly [number, readonly string[]])[],
  isAfterNative = false,
): ReturnType<typeof causeOfBlock> {
  const samples = traces.map(([ms, frames]) => ({
    ms,
    isLate: isAfterNative,
    silentMs: isAfterNative ? ms : 0,
    stack: frames.map((frame) => `    at ${frame}`).join('\n'),
  }));
  const block = { startedAt: 0, durationMs: 400, gcMs: 0, starvedMs: 0, idleMs: 0, samples };
  return causeOfBlock(block, siteFinder(new CallSites()));
}

describe('the cause of a block', () => {
  it('has the operation that took the longest of its function, whatever stack traces that had', () => {
    const trace = (ms: number, inner: string, line: number) =>
      [ms, ['open (node:internal/fs:1:1)', inner, own('Reports.read', line)]] as const;
    const { culprit, operation, share } = cause([
      [90, ['get performance (node:internal/util:1:1)', own('Reports.read', 1)]],
      trace(60, 'readFileSync (node:fs:1:1)', 2),
      trace(50, 'Object.readFileSync (node:fs:2:2)', 3),
      [200, [own('Other.run')]],
    ]);
    expect({ culprit, operation }).toEqual({ culprit: 'Other.run', operation: undefined });
    expect(share).toBe(0.5);
    expect(
      cause([
        trace(60, 'readFileSync (node:fs:1:1)', 2),
        trace(50, 'readFileSync (node:fs:2:2)', 3),
        [90, [own('Reports.read')]],
      ]),
    ).toMatchObject({ culprit: 'Reports.read', operation: 'readFileSync', share: 1 });
  });

  it.each(['Object.<anonymous>', 'new <anonymous>', 'eval'])(
    'is the function that a callback is written in, since %s is no name',
    (name) => {
      expect(cause([[400, [own(name), 'JSON.parse (<anonymous>)', own('Reports.revive')]]])).toMatchObject({
        culprit: 'Reports.revive',
        operation: undefined,
      });
    },
  );

  it('is the file and line of a callback that is called by none with a name', () => {
    const name = 'anonymous (test/diagnostics/blocked-loop/block-cause.spec.ts:7)';
    expect(cause([[400, [`${FILE}:7:5`, `async ${FILE}:9:5`]]]).culprit).toBe(name);
  });

  it('names no operation of the engine with a callback after native code, since that may have begun only then', () => {
    const frames = ['Array.map (<anonymous>)', own('Reports.parse')];
    expect(cause([[400, frames]], true)).toMatchObject({ culprit: 'Reports.parse', operation: undefined });
    expect(cause([[400, frames]])).toMatchObject({ operation: 'Array.map' });
    const replaced = ['String.replace (<anonymous>)', own('Reports.clean')];
    expect(cause([[400, replaced]], true).operation).toBe('String.replace');
    const hash = ['Module.pbkdf2Sync (node:internal/crypto/pbkdf2:1:1)', own('Users.hash')];
    expect(cause([[400, hash]], true)).toMatchObject({ culprit: 'Users.hash', operation: 'pbkdf2Sync' });
  });

  it('names the search of all matches as the application calls it', () => {
    const frames = ['RegExpStringIterator.next (<anonymous>)', own('Reports.find')];
    expect(cause([[400, frames]]).operation).toBe('String.matchAll');
  });
});
