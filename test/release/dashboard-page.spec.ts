import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = join(ROOT, 'lib/dashboard/page');
const { shortStyle } = (await import(
  String(new URL('../../release/dashboard-page.mjs', import.meta.url))
)) as {
  readonly shortStyle: (text: string) => string;
};

describe('a style sheet of the released page', () => {
  it('is without comments and the space that means nothing', () => {
    const text =
      "/* It's old; */\n.a,\n.b > .c {\n  color: red;\n  margin: 0 1px;\n}\n\n.d:hover {\n  top: 0;\n}\n";
    expect(shortStyle(text)).toBe('.a,.b > .c{color:red;margin:0 1px}.d:hover{top:0}');
  });

  it('keeps what people read as it is', () => {
    expect(
      shortStyle(".a::before {\n  content: 'Last known: ';\n}\n.b[title='x; y'] {\n  top: 0;\n}\n"),
    ).toBe(".a::before{content:'Last known: '}.b[title='x; y']{top:0}");
    for (const name of readdirSync(PAGE).filter((each) => each.endsWith('.css'))) {
      const text = readFileSync(join(PAGE, name), 'utf8').replaceAll(/\/\*[^]*?\*\//g, '');
      const strings = (of: string): string[] => of.match(/'[^']*'|"[^"]*"/g) ?? [];
      expect(strings(shortStyle(text))).toEqual(strings(text));
    }
  });
});
