import { describe, expect, it } from '@jest/globals';
import { nearestName } from '../../lib/primitives/nearest-name.js';

describe('nearestName()', () => {
  const options = ['intervalMs', 'timeoutMs', 'rules', 'handlers', 'on'];

  it('returns the name that was probably meant', () => {
    expect(nearestName('intervallMs', options)).toBe('intervalMs');
    expect(nearestName('timeout', options)).toBe('timeoutMs');
    expect(nearestName('rule', options)).toBe('rules');
  });

  it('returns the first of two equally similar names', () => {
    expect(nearestName('raten', ['rates', 'rated'])).toBe('rates');
  });

  it('returns nothing for a name that is not similar, or too short to tell', () => {
    expect(nearestName('password', options)).toBeUndefined();
    expect(nearestName('xy', options)).toBeUndefined();
    expect(nearestName('', options)).toBeUndefined();
    expect(nearestName('rules', [])).toBeUndefined();
  });
});
