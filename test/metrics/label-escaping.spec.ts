import { describe, expect, it } from '@jest/globals';
import { renderLabel } from '../../lib/metrics/label-escaping.js';

describe('a label in the exposition', () => {
  it('has its value in quotes', () => {
    expect(renderLabel('route', '/orders/:id')).toBe('route="/orders/:id"');
    expect(renderLabel('empty', '')).toBe('empty=""');
  });

  it('escapes the characters that would end the value or the line, and no others', () => {
    expect(renderLabel('a', 'x"} 1\n\\')).toBe('a="x\\"} 1\\n\\\\"');
    expect(renderLabel('a', '\\n')).toBe('a="\\\\n"');
    expect(renderLabel('a', "\t'é☃{}")).toBe('a="\t\'é☃{}"');
  });
});
