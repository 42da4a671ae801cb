import { describe, expect, it, jest } from '@jest/globals';
import { onFirstUse } from '../../lib/primitives/on-first-use.js';

describe('a value that is made on its first use', () => {
  it('is not made before, and once', () => {
    const make = jest.fn(() => /a/);
    const late = onFirstUse(make);
    expect(make).not.toHaveBeenCalled();
    expect(late()).toBe(late());
    expect(make).toHaveBeenCalledTimes(1);
  });

  it('is made again after a failure', () => {
    const make = jest.fn(() => ({ made: true }));
    make.mockImplementationOnce(() => {
      throw new Error('not yet');
    });
    const late = onFirstUse(make);
    expect(late).toThrow('not yet');
    expect(late()).toEqual({ made: true });
  });
});
