import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { isError } from '../../lib/primitives/is-error.js';

describe('an error', () => {
  it.each<[string, unknown]>([
    ['an Error', new Error('x')],
    ['one of a class of its own', new (class OddError extends TypeError {})()],
    ['one that inherits from Error only', Object.create(Error.prototype)],
    ['one of Node', thrownBy(() => readFileSync('/does/not/exist'))],
    ['one of another realm', runInNewContext('new RangeError("x")')],
    ['what aborts a request', AbortSignal.abort().reason],
  ])('is %s', (_, value) => {
    expect(isError(value)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'Error: x'],
    ['an object with a message', { name: 'Error', message: 'x', stack: '' }],
  ])('is not %s', (_, value) => {
    expect(isError(value)).toBe(false);
  });
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
