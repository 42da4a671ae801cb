import { describe, expect, it } from '@jest/globals';
import { causeOf } from '../../../lib/diagnostics/memory/memory-cause.js';
import type { MemoryReport } from '../../../lib/diagnostics/memory/memory-report.js';

const MINUTE = 60_000;
const GROWTH = { fromBytes: 50e6, toBytes: 150e6, slope: 1e6 / MINUTE };
const SITE = {
  site: 'remember (src/orders.service.ts:4:3)',
  callers: ['OrdersController.create (src/orders.controller.ts:9:5)', 'Router.handle (src/router.ts:1:1)'],
  grownBytes: 90e6,
  liveBytes: 100e6,
  share: 0.9,
};

function reportOf(given: Partial<MemoryReport>): Omit<MemoryReport, 'cause'> {
  return { status: 'suspected', kind: 'heap', sites: [], allocationSites: 'on', ...given } as MemoryReport;
}

describe('the state of the memory in a sentence', () => {
  it.each<[Partial<MemoryReport>, string]>([
    [{ status: 'off' }, 'The growth of the memory is not observed.'],
    [{ status: 'starting' }, 'The application has just started; its memory may still grow.'],
  ])('says why there is nothing to say: %j', (given, sentence) => {
    expect(causeOf(reportOf(given), GROWTH, 0)).toBe(sentence);
  });

  it('says that nothing grows', () => {
    const steady = 'The memory in use after garbage collection is steady.';
    expect(causeOf(reportOf({ status: 'growing' }), undefined, 0)).toBe(steady);
  });

  it('has the rate, the time and the size of a growth', () => {
    expect(causeOf(reportOf({ status: 'growing' }), GROWTH, 100 * MINUTE)).toBe(
      'The heap in use after garbage collection has grown by 1.0 MB a minute for 100 min, from 50.0 MB to 150 MB.',
    );
    const slow = { fromBytes: 900_000, toBytes: 1_200_000, slope: 1_234 / MINUTE };
    expect(causeOf(reportOf({ status: 'growing', kind: 'external' }), slow, 5 * 60 * MINUTE)).toBe(
      'The memory outside of the heap, such as buffers, has grown by 0.00 MB a minute for 5 h, from 0.90 MB to 1.2 MB.',
    );
    expect(causeOf(reportOf({ status: 'growing' }), GROWTH, 90_000)).toContain(' for 90 s, ');
  });

  it('names the function that allocated most, and its caller', () => {
    expect(causeOf(reportOf({ sites: [SITE] }), GROWTH, 10 * MINUTE)).toMatch(
      /; a leak is suspected\. Most of it was allocated by remember \(src\/orders\.service\.ts:4:3\), called by OrdersController\.create \(src\/orders\.controller\.ts:9:5\)\.$/,
    );
  });

  it('does not blame a function of the heap for buffers', () => {
    expect(causeOf(reportOf({ kind: 'external', sites: [SITE] }), GROWTH, 10 * MINUTE)).not.toContain(
      'remember',
    );
  });

  it('says how to learn the function', () => {
    expect(causeOf(reportOf({ allocationSites: 'off' }), GROWTH, 10 * MINUTE)).toMatch(
      /suspected\. Set diagnostics\.memory\.allocationSites to name what allocated it\.$/,
    );
  });
});
