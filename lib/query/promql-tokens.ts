/** A part of a PromQL text. */
export interface PromqlToken {
  readonly kind: 'number' | 'string' | 'duration' | 'name' | 'symbol' | 'end';
  readonly text: string;
  /** Index of its first character. */
  readonly at: number;
}

/** The error of a PromQL text that is invalid, or has what is not supported. */
export class PromqlError extends Error {
  constructor(
    message: string,
    /** Index of the character at which it is found. */
    readonly at: number,
  ) {
    super(message);
  }
}

const SPACE = /[ \t\r\n]+|#[^\n]*/y;
const PATTERNS: readonly (readonly [PromqlToken['kind'], RegExp])[] = [
  ['duration', /(?:\d+(?:ms|[smhdwy]))+(?![\w.])/y],
  ['number', /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.])/y],
  ['name', /[a-zA-Z_:][\w:]*/y],
  ['string', /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/y],
  ['symbol', /=~|!~|==|!=|>=|<=|[-+*/%^=<>(){}[\],@]/y],
];

/** Splits a PromQL text. @throws {PromqlError} */
export function promqlTokens(text: string): PromqlToken[] {
  const tokens: PromqlToken[] = [];
  for (let at = 0; at < text.length;) {
    const space = matchAt(SPACE, text, at);
    if (space !== undefined) {
      at += space.length;
      continue;
    }
    const found = PATTERNS.map(([kind, pattern]) => [kind, matchAt(pattern, text, at)] as const).find(
      ([, match]) => match !== undefined,
    );
    if (found?.[1] === undefined) {
      throw new PromqlError(
        `unexpected ${JSON.stringify(String.fromCodePoint(text.codePointAt(at) ?? 0))}`,
        at,
      );
    }
    tokens.push({ kind: found[0], text: found[1], at });
    at += found[1].length;
  }
  return [...tokens, { kind: 'end', text: '', at: text.length }];
}

const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Returns a duration such as `1h30m`, in milliseconds. */
export function durationMsIn(text: string): number {
  return Array.from(text.matchAll(/(\d+)(ms|[smhdwy])/gy)).reduce(
    (sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? NaN),
    0,
  );
}

/** Returns the value of a string token. @throws {PromqlError} for an escape that is not supported */
export function stringIn({ text, at }: PromqlToken): string {
  return text.slice(1, -1).replaceAll(/\\(.)/gs, (_, escaped: string) => {
    const value = { '\\': '\\', '"': '"', "'": "'", n: '\n', r: '\r', t: '\t' }[escaped];
    if (value === undefined) throw new PromqlError(`unsupported escape \\${escaped} in a string`, at);
    return value;
  });
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
