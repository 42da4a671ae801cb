import { describe, expect, it, jest } from '@jest/globals';
import { processWide } from '../../lib/primitives/process-wide.js';

describe('processWide', () => {
  it('gives each name one object, which the first caller creates', () => {
    const first = processWide('test.first', () => ({ creator: 1 }));
    expect(processWide('test.first', () => ({ creator: 2 }))).toBe(first);
    expect(processWide('test.second', () => ({ creator: 3 }))).toEqual({ creator: 3 });
  });

  it('is an object of its own copy of the package if the global object cannot be extended', () => {
    const extensible = jest.spyOn(Object, 'isExtensible').mockReturnValue(false);
    const first = processWide('test.frozen', () => ({ creator: 1 }));
    expect(processWide('test.frozen', () => ({ creator: 2 }))).toBe(first);
    extensible.mockRestore();
    expect(Object.getOwnPropertySymbols(globalThis)).not.toContain(
      Symbol.for('nestjs-monitoring.test.frozen'),
    );
  });

  it('is found under a registered symbol, as another copy of the package looks for it', () => {
    const own = processWide('test.shared', () => ({}));
    expect((globalThis as Record<symbol, unknown>)[Symbol.for('nestjs-monitoring.test.shared')]).toBe(own);
  });
});
