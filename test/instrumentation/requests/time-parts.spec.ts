import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { WAIT_PARTS } from '../../../lib/integrations/operation-waits.js';
import { TIME_PARTS, TimeParts } from '../../../lib/instrumentation/requests/time-parts.js';

const step = fc.oneof(
  fc.record({
    what: fc.constantFrom('begin' as const, 'end' as const),
    part: fc.constantFrom(...WAIT_PARTS),
  }),
  fc.record({ what: fc.constant('own code' as const), runs: fc.boolean() }),
  fc.record({ what: fc.constant('blocked' as const), for: fc.double({ min: 0, max: 100, noNaN: true }) }),
  fc.record({ what: fc.constantFrom('answered' as const, 'beat' as const) }),
);
const steps = fc.array(
  fc.record({
    step,
    after: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1_000, noNaN: true })),
    blockedFor: fc.option(fc.double({ min: 0, max: 2_000, noNaN: true }), { nil: undefined }),
  }),
  { maxLength: 60 },
);

describe('the parts of the time of an operation', () => {
  it('add up to the duration, and none is negative, in whichever order things begin and end', () => {
    fc.assert(
      fc.property(steps, fc.double({ min: 0, max: 1e9, noNaN: true }), (given, startedAt) => {
        const parts = new TimeParts(startedAt);
        const open = new Map<string, number>();
        let now = startedAt;
        for (const { step: each, after, blockedFor } of given) {
          now += after;
          const blockedSince = blockedFor === undefined ? undefined : now - blockedFor;
          switch (each.what) {
            case 'begin':
              parts.begin(each.part, now, blockedSince);
              open.set(each.part, (open.get(each.part) ?? 0) + 1);
              break;
            case 'end':
              // A wait ends only once.
              if ((open.get(each.part) ?? 0) === 0) break;
              open.set(each.part, open.get(each.part)! - 1);
              parts.end(each.part, now, blockedSince);
              break;
            case 'own code':
              parts.ownCode(each.runs, now, blockedSince);
              break;
            case 'blocked':
              parts.blocked(now - each.for, now);
              break;
            case 'answered':
              parts.answered(now, blockedSince);
              break;
            case 'beat':
              parts.advance(now, blockedSince);
          }
          const sum = TIME_PARTS.reduce((all, part) => all + parts.of(part), 0);
          expect(Math.min(...TIME_PARTS.map((part) => parts.of(part)))).toBeGreaterThanOrEqual(0);
          // A step that moves nothing forward leaves the rest for the next one.
          expect(sum).toBeLessThanOrEqual(now - startedAt + 1e-4);
        }
        parts.advance(now, undefined);
        const sum = TIME_PARTS.reduce((all, part) => all + parts.of(part), 0);
        expect(Math.abs(sum - (now - startedAt))).toBeLessThan(1e-4);
      }),
      { numRuns: 300 },
    );
  });

  it('count overlapping waits of one part once, and share the time of different ones', () => {
    const parts = new TimeParts(0);
    parts.begin('database', 10, undefined);
    parts.begin('database', 20, undefined);
    parts.end('database', 30, undefined);
    parts.begin('remote', 40, undefined);
    parts.end('database', 60, undefined);
    parts.end('remote', 65, undefined);
    parts.advance(70, undefined);
    expect(parts.toObject()).toEqual({ database: 40, remote: 15, application: 15 });
  });

  it('take the time of a blocked event loop from a wait, but not from the code that blocks it', () => {
    const waiting = new TimeParts(0);
    waiting.begin('database', 0, undefined);
    waiting.end('database', 100, 30);
    expect(waiting.toObject()).toEqual({ database: 30, event_loop: 70 });

    const running = new TimeParts(0);
    running.begin('database', 0, undefined);
    running.ownCode(true, 10, undefined);
    running.ownCode(false, 100, 30);
    expect(running.toObject()).toEqual({ database: 10, application: 90 });
  });

  it('give the time for which another operation blocked the event loop to the event loop, with nothing awaited', () => {
    const parts = new TimeParts(0);
    parts.blocked(30, 100);
    parts.advance(110, undefined);
    expect(parts.toObject()).toEqual({ application: 40, event_loop: 70 });
  });

  it('give the time of a blocked event loop to the event loop once the application has answered', () => {
    const parts = new TimeParts(0);
    parts.answered(10, undefined);
    parts.advance(100, 30);
    expect(parts.toObject()).toEqual({ application: 30, event_loop: 70 });
  });
});
