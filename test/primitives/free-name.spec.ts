import { describe, expect, it } from '@jest/globals';
import { freeName } from '../../lib/primitives/free-name.js';

describe('freeName()', () => {
  const taken = new Set(['orders', 'orders_2', 'users_2']);
  const isTaken = (name: string): boolean => taken.has(name);

  it('keeps a name that is free', () => {
    expect(freeName('users', isTaken)).toBe('users');
  });

  it('appends the first number from 2 that makes the name free', () => {
    expect(freeName('orders', isTaken)).toBe('orders_3');
  });

  it('separates the number as asked for', () => {
    expect(freeName('orders', (name) => ['orders', 'orders.2'].includes(name), '.')).toBe('orders.3');
  });
});
