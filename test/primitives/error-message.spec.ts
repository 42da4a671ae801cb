import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { messageOf } from '../../lib/primitives/error-message.js';

describe('messageOf()', () => {
  it('returns the message of an error, also of another realm, and any other value as text', () => {
    expect(messageOf(new TypeError('down'))).toBe('down');
    expect(messageOf(runInNewContext('new Error("elsewhere")'))).toBe('elsewhere');
    expect(['text', 7, null, undefined, Symbol('s')].map(messageOf)).toEqual([
      'text',
      '7',
      'null',
      'undefined',
      'Symbol(s)',
    ]);
  });

  it('does not throw, whatever was thrown', () => {
    const hostile = new Error('hidden');
    Object.defineProperty(hostile, 'message', {
      get: () => {
        throw new Error('getter');
      },
    });
    for (const thrown of [Object.create(null), hostile, { toString: () => ({}) }]) {
      expect(messageOf(thrown)).toBe('threw a value that cannot be converted to a string');
    }
  });
});
