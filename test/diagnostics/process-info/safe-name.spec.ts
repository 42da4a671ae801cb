import { describe, expect, it } from '@jest/globals';
import { safeName } from '../../../lib/diagnostics/process-info/safe-name.js';

describe('a name from the application', () => {
  it('is shown as it is', () => {
    expect(safeName('OrdersService')).toBe('OrdersService');
  });

  it('is shown without the password of an address', () => {
    expect(safeName('postgres://shop:hunter2@db/shop')).not.toContain('hunter2');
  });

  it('is cut', () => {
    expect(safeName('x'.repeat(10_000)).length).toBeLessThanOrEqual(200);
  });

  it.each([undefined, null, 5, Symbol('token'), {}])('is empty if it is no text: %p', (name) => {
    expect(safeName(name)).toBe('');
  });
});
