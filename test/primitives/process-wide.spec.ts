import { describe, expect, it } from '@jest/globals';
import { processWide } from '../../lib/primitives/process-wide.js';

describe('processWide', () => {
  it('gives each name one object, which the first caller creates', () => {
    const first = processWide('test.first', () => ({ creator: 1 }));
    expect(processWide('test.first', () => ({ creator: 2 }))).toBe(first);
    expect(processWide('test.second', () => ({ creator: 3 }))).toEqual({ creator: 3 });
  });

  it('is found under a registered symbol, as another copy of the package looks for it', () => {
    const own = processWide('test.shared', () => ({}));
    expect((globalThis as Record<symbol, unknown>)[Symbol.for('nestjs-monitoring.test.shared')]).toBe(own);
  });
});
