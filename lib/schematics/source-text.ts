/** Comments and literals, whose brackets and names are not code. */
const OPAQUE = /\/\*[\s\S]*?\*\/|\/\/.*|(["'`])(?:\\[\s\S]|(?!\1)[^\\])*\1/g;
const OPENING = '([{';
const CLOSING = ')]}';

/** Returns TypeScript code with spaces in place of its comments and literals, so that positions stay the same. */
export function codeOf(source: string): string {
  return source.replace(OPAQUE, (text) => text.replace(/[^\r\n]/g, ' '));
}

/** Returns the position of the bracket that closes the one at a position; -1 if none does. */
export function closingBracket(code: string, open: number): number {
  let depth = 0;
  for (let i = open; i < code.length; i++) {
    if (OPENING.includes(code[i]!)) depth++;
    else if (CLOSING.includes(code[i]!) && --depth === 0) return i;
  }
  return -1;
}

/** Returns code with spaces in place of everything within its inner brackets. */
export function outerCode(code: string): string {
  let depth = 0;
  return Array.from(code, (char) => {
    if (CLOSING.includes(char)) depth--;
    const outer = depth === 0;
    if (OPENING.includes(char)) depth++;
    return outer ? char : ' ';
  }).join('');
}

/** Inserts an element as the first of a list, in the style of the list: on one line or with a line for each element. */
export function insertFirst(source: string, open: number, close: number, element: string): string {
  const list = source.slice(open + 1, close);
  const [gap = ''] = /^\s*/.exec(list) ?? [];
  const before = source.slice(0, open + 1);
  if (gap === list) return before + (source[open] === '{' ? ` ${element} ` : element) + source.slice(close);
  return `${before}${gap}${element},${gap || ' '}${list.slice(gap.length)}${source.slice(close)}`;
}
