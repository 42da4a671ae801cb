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
    const found = (globalThis as Record<symbol, unknown>)[Symbol.for('nestjs-monitoring.test.shared')];
    expect((found as () => unknown)()).toBe(own);
  });

  it('keeps its properties when the properties of global objects are deleted, as Jest does after a test file', () => {
    const own = processWide('test.kept', () => ({ beats: 1 }));
    const found = (globalThis as unknown as Record<symbol, object>)[
      Symbol.for('nestjs-monitoring.test.kept')
    ]!;
    for (const key of Reflect.ownKeys(found)) Reflect.deleteProperty(found, key);
    expect(own).toEqual({ beats: 1 });
    expect(processWide('test.kept', () => ({ beats: 2 }))).toBe(own);
  });
});
