import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import type { Traffic } from './traffic.js';

/** A part of a sentence: a text, a time, which is shown in the time zone of the reader, or a long name in short. */
export type SentencePart =
  | string
  | { readonly at: number }
  | {
      /** The whole name. */
      readonly name: string;
      readonly short: string;
    };

/** The longest text of a cause in a sentence, in UTF-16 code units. */
export const MAX_CAUSE = 220;
/** The longest name in a sentence, in UTF-16 code units: about two lines on a phone, so that there is space for the cause. */
const MAX_NAME = 60;
/** The longest name that is known as a whole, in UTF-16 code units. */
const MAX_WHOLE_NAME = 300;

/** Returns a sentence as text, with times in UTC, and in parts. */
export function sentenceOf(parts: readonly SentencePart[]): {
  readonly text: string;
  readonly parts: readonly SentencePart[];
} {
  return {
    text: parts.map(textOf).join(''),
    parts: joined(parts),
  };
}

/** Returns a name as a part of a sentence. A long one loses its middle, since its end distinguishes it from others, too. */
export function nameOf(name: string): SentencePart {
  if (name.length <= MAX_NAME) return name;
  const endLength = Math.floor((MAX_NAME - 1) / 2);
  // Not the second half of a surrogate pair.
  const end = name.slice(-endLength).replace(/^[\udc00-\udfff]/, '');
  return {
    name: shortened(name, MAX_WHOLE_NAME),
    short: shortened(name, MAX_NAME - endLength) + end,
  };
}

/** Returns that other routes fail, as a clause at the end of one about a route; an empty text if none does. */
export function moreRoutes(count: number): string {
  if (count === 0) return '';
  return `; ${count} more ${count === 1 ? 'route fails' : 'routes fail'}`;
}

/** The failures that a verdict names, as far as they say whether any go on. */
interface NamedFailures {
  readonly failing: { readonly until?: number } | undefined;
  readonly alsoFailing: number;
}

/** Returns from when to when something was, by the minute. */
export function timesOf(since: number, until: number): SentencePart[] {
  return isSameMinute(since, until)
    ? [' at ', { at: until }]
    : [' from ', { at: since }, ' to ', { at: until }];
}

/** Returns since when no request has come after failures, as a clause after their times; nothing if some have come. */
export function silenceOf(until?: number, silentSince?: number): SentencePart[] {
  if (until === undefined || silentSince === undefined) return [];
  return isSameMinute(until, silentSince)
    ? [', no request since']
    : [', no request since ', { at: silentSince }];
}

function isSameMinute(a: number, b: number): boolean {
  return Math.floor(a / 60_000) === Math.floor(b / 60_000);
}

/** Returns the share of the requests that fail, or have failed, and the route that has most of them. */
export function shareOfFailures(
  { requests, failures, routes: [worst] }: Traffic,
  { failing, alsoFailing }: NamedFailures,
): SentencePart[] {
  if (worst === undefined || failures === 0) return ['No request fails'];
  const share = percent(failures / requests);
  if (alsoFailing === 0 && (failing === undefined || failing.until !== undefined)) {
    return [
      `No request fails any more (${share} did, most of them `,
      nameOf(`${worst.method} ${worst.route}`),
      ')',
    ];
  }
  return [`${share} of the requests fail, most of them `, nameOf(`${worst.method} ${worst.route}`)];
}

/** Returns the text of a cause with the function and without the path of its file, which the causes below have. */
export function shortCause(text: string): string {
  const short = withoutPeriod(text).replaceAll(
    /, at ((?:async |new )?[^\s,;()]{1,100}) \([^()]{1,300}\)/g,
    ' in $1',
  );
  return shortened(short, MAX_CAUSE);
}

/** Returns a text of at most a number of UTF-16 code units, with an ellipsis at its end if it is cut. */
export function shortened(text: string, length: number): string {
  return boundedLabelValue(text, length);
}

/** Returns a sentence as a part of another one. */
export function withoutPeriod(text: string): string {
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

function textOf(part: SentencePart): string {
  if (typeof part === 'string') return part;
  return 'at' in part ? clockInUtc(part.at) : part.short;
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
