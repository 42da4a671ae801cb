import { describe, expect, it } from '@jest/globals';
import {
  bucketsOf,
  countOf,
  expectClass,
  expectKeys,
  expectList,
  expectObject,
  expectOption,
  expectSecret,
  expectStrings,
  expectSwitch,
  expectUnshown,
  intervalMsOf,
  MonitoringOptionsError,
  optionError,
  optionalString,
} from '../../lib/options/option-checks.js';

const refusal = (message: string): MonitoringOptionsError => new MonitoringOptionsError(message);

describe('a check of an option', () => {
  it('returns a valid value, and the default where none is given', () => {
    expect(countOf('limit', 3, 10)).toBe(3);
    expect(countOf('limit', undefined, 10)).toBe(10);
    expect(intervalMsOf('everyMs', 2 ** 31 - 1, 1)).toBe(2 ** 31 - 1);
    expect(bucketsOf('buckets', undefined, [1, 2])).toEqual([1, 2]);
    const valid = () => {
      expectOption('x', 5, 'a number', true);
      expectKeys('x', { a: 1 }, ['a', 'b']);
      expectStrings('x', { a: '1' });
      expectSecret('x', 's3cret');
      optionalString('x', undefined);
      for (const value of [undefined, true, false, {}]) expectSwitch('x', value);
    };
    expect(valid).not.toThrow();
  });

  it.each<[string, () => unknown]>([
    ['`x` must be 5; got 6.', () => expectOption('x', 6, '5', false)],
    ['The options of Y must be an object; got 6.', () => expectObject('the options of Y', 6)],
    ['`x.y` of the rule "z" must be 5; got 6.', () => expectOption('x.y of the rule "z"', 6, '5', false)],
    ['`x` must be true, false or an object of options; got 1.', () => expectSwitch('x', 1)],
    [
      '`x` must be an object of options, or false to turn it off; got true.',
      () => expectSwitch('x', true, false),
    ],
    ['`x` must be a list; got null at [1].', () => expectList('x', [1, null], 'a list', Number.isFinite)],
    [
      '`x` is taken.',
      () => {
        throw optionError('x', 'is taken.');
      },
    ],
    ['Unknown keys `c`, `bb` in `x`. Known keys: a, b.', () => expectKeys('x', { c: 1, bb: 1 }, ['a', 'b'])],
    ['Unknown key `a` in `x`. It has no keys yet.', () => expectKeys('x', { a: 1 }, [])],
    [
      'Unknown key `a` in `x`. Known keys: b. Did you mean `y.a`?',
      () => expectKeys('x', { a: 1 }, ['b'], (key) => `y.${key}`),
    ],
    [
      '@Decorator() must be on a class; got the member run.',
      () => expectClass('@Decorator()', {}, ['run', {}]),
    ],
    [
      '@Decorator() must be on a class; got a parameter.',
      () => expectClass('@Decorator()', class {}, [undefined, 0]),
    ],
  ])('refuses with what is wrong, what was given and what to do: %s', (message, check) => {
    expect(check).toThrow(refusal(message));
  });

  it.each<[string, (secret: string) => void]>([
    ['a value that may be a secret', (secret) => expectUnshown('token', secret, 'short', false)],
    ['a secret in the place of an object', (secret) => expectObject('headers', secret)],
    ['a secret in the place of a switch', (secret) => expectSwitch('auth', secret)],
    ['a secret in the place of headers', (secret) => expectStrings('headers', { a: [secret] })],
    ['the password of a URL', (secret) => expectOption('url', `http://me:${secret}@host`, 'a path', false)],
  ])('never shows %s', (_, check) => {
    const shown = (() => {
      try {
        check('s3cret');
        return 'nothing was refused';
      } catch (error) {
        return String(error);
      }
    })();
    expect(shown).toMatch(/^MonitoringOptionsError: .+ must be .+; got /);
    expect(shown).not.toContain('s3cret');
  });

  it('refuses an empty secret, which would grant access to everybody', () => {
    for (const [value, shown] of [
      ['', 'an empty one'],
      [undefined, 'undefined'],
    ] as const) {
      expect(() => expectSecret('token', value)).toThrow(
        refusal(
          `\`token\` must be a non-empty string; got ${shown}. Check that the environment variable it is read from is set.`,
        ),
      );
    }
  });
});
