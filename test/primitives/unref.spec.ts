import { describe, expect, it } from '@jest/globals';
import { unref } from '../../lib/primitives/unref.js';

describe('unref', () => {
  it('lets the process end before the timer does, and returns the timer', () => {
    const timer = setTimeout(() => undefined, 60_000);
    expect(timer.hasRef()).toBe(true);
    expect(unref(timer)).toBe(timer);
    expect(timer.hasRef()).toBe(false);
    clearTimeout(timer);
  });

  it.each([7, '7', null, undefined, {}])('returns %p, which fake timers have, as it is', (timer) => {
    expect(unref(timer as never)).toBe(timer);
  });
});
