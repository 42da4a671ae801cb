import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  awaitHint,
  conversionHint,
  describeType,
  describeUnshown,
  describeValue,
  isObjectOfOptions,
  optionOf,
  quotedOption,
  subjectOf,
} from '../../lib/options/option-descriptions.js';

const revoked = (target: object): object => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};
const throwing = (): never => {
  throw new Error('as planned');
};

/** Values that refuse to be looked at. */
const HOSTILE: readonly unknown[] = [
  revoked({}),
  revoked([]),
  revoked(() => undefined),
  new Proxy({}, { get: throwing, getPrototypeOf: throwing, ownKeys: throwing }),
  Object.defineProperty({}, 'then', { get: throwing }),
  Object.defineProperty(class {}, 'name', { get: throwing }),
  Object.defineProperty(class {}, 'name', { value: Symbol('odd') }),
  { [Symbol.toPrimitive]: throwing },
];

describe('the name of an option in a message', () => {
  it.each([
    ['http.buckets', '`http.buckets`'],
    ['alerting.rules[0]', '`alerting.rules[0]`'],
    ['condition of the alert rule "a.b"', '`condition` of the alert rule "a.b"'],
    ['the options of OtlpExporter.url', '`url` of the options of OtlpExporter'],
    ['the options of OtlpExporter', 'the options of OtlpExporter'],
  ])('of %s has its path as code', (option, quoted) => {
    expect(quotedOption(option)).toBe(quoted);
  });

  it('is capitalized at the start of a sentence, unless it is code', () => {
    expect(subjectOf('the options of OtlpExporter')).toBe('The options of OtlpExporter');
    expect(subjectOf('http.buckets')).toBe('`http.buckets`');
  });

  it('has a member before the owner', () => {
    expect(optionOf('condition of the alert rule "x"', 'metric')).toBe(
      'condition.metric of the alert rule "x"',
    );
    expect(optionOf('condition.all of the alert rule "x"', '[0]')).toBe(
      'condition.all[0] of the alert rule "x"',
    );
    expect(optionOf('the alert rule "x"', 'for')).toBe('for of the alert rule "x"');
  });
});

describe('a value in a message', () => {
  it.each<[unknown, string]>([
    ['info', 'the string "info"'],
    ['a\nb\u001b', String.raw`the string "a\nb\u001b"`],
    ['x'.repeat(201), `the string "${'x'.repeat(200)}…"`],
    ['https://me:s3cret@host/', 'the string "https://***@host/…"'],
    [null, 'null'],
    [10n, '10'],
    [Symbol('x'), 'a symbol'],
    [() => 1, 'a function'],
    [class Shop {}, 'the class Shop'],
    [[], 'an array'],
    [{}, 'an object'],
    [new Map(), 'a Map'],
    [new ArrayBuffer(1), 'an ArrayBuffer'],
    [Promise.resolve(), 'a Promise'],
    [new (class Shop {})(), 'an object'],
  ])('%#: is shown in words', (value, words) => {
    expect(describeValue(value)).toBe(words);
  });

  it('is shown by its type where it may be a secret', () => {
    expect(describeType('s3cret')).toBe('a string');
    expect(describeUnshown('s3cret')).toBe('a string');
    expect(describeUnshown('true')).toBe('the string "true"');
  });

  it('is shown however hostile it is', () => {
    for (const value of HOSTILE) {
      for (const inWords of [describeValue, describeUnshown, describeType]) {
        expect(inWords(value)).toMatch(/^(?:an?|the) \w/);
      }
      expect([isObjectOfOptions(value), awaitHint(value)]).toEqual([expect.any(Boolean), '']);
    }
  });

  it('is one line of bounded length, whatever it is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const words = describeValue(value);
        expect(words).not.toContain('\n');
        expect(words.length).toBeLessThan(2_000);
      }),
    );
  });
});

describe('the hint about a value', () => {
  it.each<[unknown, string, string]>([
    ['10', 'a number', ' Convert it: `Number(value)`.'],
    ['true', 'true or false', " Convert it: `value === 'true'`."],
    ['true', 'a number', ''],
    ['10', 'a path', ''],
    ['10 s', 'a number', ''],
    ['', 'a number', ''],
    [10, 'true or false', ''],
  ])('of %j for %s is %j', (value, expected, hint) => {
    expect(conversionHint(value, expected)).toBe(hint);
  });

  it('of a promise is to await it', () => {
    expect(awaitHint(Promise.resolve({}))).toBe(' Await it, or use MonitoringModule.forRootAsync().');
    expect(awaitHint({ then: () => undefined })).toBe(awaitHint(Promise.resolve({})));
    expect(awaitHint({})).toBe('');
  });
});

describe('an object of options', () => {
  it.each<[string, unknown, boolean]>([
    ['a plain object', {}, true],
    ['one without a prototype', Object.create(null), true],
    ['an instance of a class', new (class Options {})(), true],
    ['a map', new Map(), false],
    ['an array', [], false],
    ['a promise', Promise.resolve({}), false],
    ['null', null, false],
    ['a function', () => ({}), false],
  ])('is told from a value without keys: %s', (_, value, isOne) => {
    expect(isObjectOfOptions(value)).toBe(isOne);
  });
});
