/** A part of a sentence; a time is shown in the time zone of the reader. */
export type SentencePart = string | { readonly at: number };

/** The longest text of a cause in a sentence, in UTF-16 code units. */
export const MAX_CAUSE = 220;
/** The longest name of an operation in a sentence, in UTF-16 code units. */
export const MAX_NAME = 120;

/** Returns a sentence as text, with times in UTC, and in parts. */
export function sentenceOf(parts: readonly SentencePart[]): {
  readonly text: string;
  readonly parts: readonly SentencePart[];
} {
  return {
    text: parts.map((part) => (typeof part === 'string' ? part : clockInUtc(part.at))).join(''),
    parts: joined(parts),
  };
}

/** Returns the text of a cause with the function and without the path of its file, which the causes below have. */
export function shortCause(text: string): string {
  const short = withoutPeriod(text).replaceAll(
    /, at ((?:async |new )?[^\s,;()]{1,100}) \([^()]{1,300}\)/g,
    ' in $1',
  );
  return shortened(short, MAX_CAUSE);
}

/** Returns a text of at most a number of UTF-16 code units. */
export function shortened(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** Returns a sentence as a part of another one. */
export function withoutPeriod(text: string): string {
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

/** Joins neighbouring strings. */
function joined(parts: readonly SentencePart[]): SentencePart[] {
  const all: SentencePart[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (typeof part === 'string' && typeof last === 'string') all[all.length - 1] = last + part;
    else if (part !== '') all.push(part);
  }
  return all;
}

function clockInUtc(at: number): string {
  return `${new Date(at).toISOString().slice(11, 16)} UTC`;
}

/** Returns a share as a percentage for people. */
export function percent(share: number): string {
  return `${share >= 0.095 ? Math.round(100 * share) : Number((100 * share).toPrecision(1))} %`;
}

/** Returns a number for people. */
export function figure(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)));
}

/** Returns a duration for people. */
export function milliseconds(ms: number): string {
  return ms >= 1_000 ? `${figure(ms / 1000)} s` : `${figure(ms)} ms`;
}
