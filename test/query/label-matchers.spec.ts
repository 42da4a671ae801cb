import { describe, expect, it } from '@jest/globals';
import { isMatcher, type LabelMatchers, labelTest, matchersOf } from '../../lib/query/label-matchers.js';

function matches(matchers: LabelMatchers, labels: Record<string, string>): boolean {
  return labelTest(matchersOf(matchers))(labels);
}

describe('label matchers', () => {
  it('compare a value, alternatives, or a pattern with the whole value', () => {
    expect(matches({ queue: 'mail' }, { queue: 'mail' })).toBe(true);
    expect(matches({ queue: 'mail' }, { queue: 'mails' })).toBe(false);
    expect(matches({ queue: ['mail', 'orders'] }, { queue: 'orders' })).toBe(true);
    expect(matches({ queue: /mail|orders/ }, { queue: 'mails' })).toBe(false);
    expect(matches({ queue: { not: /m.*/ } }, { queue: 'mails' })).toBe(false);
    expect(matches({ queue: { not: ['mail'] } }, { queue: 'orders' })).toBe(true);
  });

  it('take an absent label as an empty one, whatever the prototype of the labels has', () => {
    expect(matches({ queue: '' }, {})).toBe(true);
    expect(matches({ queue: { not: '' } }, {})).toBe(false);
    expect(matches({ constructor: '' }, {})).toBe(true);
  });

  it('take the characters of an alternative literally', () => {
    expect(matchersOf({ path: ['/a.b', 'x|y'] })).toEqual([
      { name: 'path', operator: '=~', value: '/a\\.b|x\\|y' },
    ]);
    expect(matches({ path: ['a.b'] }, { path: 'axb' })).toBe(false);
  });

  it('all have to match', () => {
    expect(matches({ a: '1', b: '2' }, { a: '1', b: '3' })).toBe(false);
    expect(matches({}, { a: '1' })).toBe(true);
  });

  it('from outside are checked before they are used', () => {
    expect(isMatcher({ name: 'a', operator: '=~', value: 'x+' })).toBe(true);
    for (const wrong of [
      null,
      'a="b"',
      { name: 'a', operator: '=', value: 7 },
      { name: 'a', operator: '>', value: 'x' },
      { name: 'a', operator: '=~', value: '(' },
      { name: 'a', operator: '!~', value: '(?=x)' },
    ]) {
      expect(isMatcher(wrong)).toBe(false);
    }
  });
});
