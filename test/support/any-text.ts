import * as fc from 'fast-check';

/** A character of any plane, as a text of one or two code units. */
const character = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10_ffff }))
  .map(
    (codePoint) => String.fromCodePoint(codePoint),
    (text) => String(text).codePointAt(0) ?? NaN,
  );

/**
 * Texts of any characters. The unit `binary` of fast-check makes the same ones, and for that a table of a million
 * characters, which takes a second and 100 MB in each file of tests.
 */
export function anyText(lengths: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ ...lengths, unit: character });
}
