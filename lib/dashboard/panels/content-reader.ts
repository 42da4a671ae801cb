import { boundedLabelValue } from '../../primitives/bounded-label-values.js';
import { redactAndCut } from '../../primitives/redact.js';
import { rounded } from '../rounding.js';

/** The error of a content that a panel cannot show. It names the place and what was expected. */
export class PanelContentError extends Error {}

/** A part of a content of an application: a value and its place in it, such as `tables[0].rows[3]`. */
export interface ContentPart {
  readonly value: unknown;
  readonly place: string;
}

/** @throws {PanelContentError} */
export function invalid({ value, place }: ContentPart, expected: string): never {
  throw new PanelContentError(`\`${place}\` must be ${expected}; got ${kindOf(value)}.`);
}

/** Returns the members of an object. @throws {PanelContentError} if it is none, or has other keys than these */
export function membersOf<K extends string>(
  part: ContentPart,
  keys: readonly K[],
): Readonly<Record<K, ContentPart>> {
  const { value, place } = part;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) invalid(part, 'an object');
  const unknown = Object.keys(value).find((key) => !(keys as readonly string[]).includes(key));
  if (unknown !== undefined) {
    throw new PanelContentError(
      `\`${joined(place, boundedLabelValue(unknown, 40))}\` is not known. Known: ${keys.join(', ')}.`,
    );
  }
  const members = keys.map(
    (key) => [key, { value: (value as Record<string, unknown>)[key], place: joined(place, key) }] as const,
  );
  return Object.fromEntries(members) as Record<K, ContentPart>;
}

/**
 * Returns the first items of a list; none if it is undefined.
 *
 * @throws {PanelContentError} if it is no list
 */
export function itemsOf(part: ContentPart, limit: number): { items: ContentPart[]; omitted: number } {
  const { value, place } = part;
  if (value === undefined) return { items: [], omitted: 0 };
  if (!Array.isArray(value)) invalid(part, 'a list');
  const { length } = value;
  const items = Array.from({ length: Math.min(length, limit) }, (_, i) => ({
    value: value[i] as unknown,
    place: `${place}[${i}]`,
  }));
  return { items, omitted: Math.max(0, length - limit) };
}

/** Returns a text, cut to a length and without secrets; undefined if there is none. @throws {PanelContentError} */
export function textOf(part: ContentPart, length: number): string | undefined {
  if (part.value === undefined) return undefined;
  if (typeof part.value !== 'string') invalid(part, 'a string');
  return redactAndCut(part.value, length);
}

/** Returns a non-empty text. @throws {PanelContentError} */
export function titleOf(part: ContentPart, length: number): string {
  const title = textOf(part, length);
  if (title === undefined || title.trim() === '') invalid(part, 'a non-empty string');
  return title;
}

/** Returns one of several words; undefined if there is none. @throws {PanelContentError} */
export function oneOf<T extends string>(part: ContentPart, words: readonly T[]): T | undefined {
  if (part.value === undefined) return undefined;
  if (!words.includes(part.value as T)) invalid(part, `one of ${words.join(', ')}`);
  return part.value as T;
}

/** Returns a number; undefined if there is none. @throws {PanelContentError} */
export function numberOf(part: ContentPart): number | undefined {
  if (part.value === undefined) return undefined;
  if (typeof part.value !== 'number' || !Number.isFinite(part.value)) invalid(part, 'a finite number');
  return part.value;
}

/** A value as the page receives it; a date is an object, since only the browser knows the time zone. */
export type ShownValue = string | number | boolean | null | { readonly at: number };

/** Returns a value of a cell or a figure. @throws {PanelContentError} */
export function valueOf(part: ContentPart, length: number): ShownValue {
  const { value } = part;
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return redactAndCut(value, length);
  if (typeof value === 'number') return Number.isFinite(value) ? rounded(value) : String(value);
  if (typeof value === 'boolean') return value;
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : redactAndCut(String(value), length);
  }
  if (value instanceof Date) {
    const at = value.getTime();
    return Number.isNaN(at) ? null : { at };
  }
  return invalid(part, 'a string, a number, a boolean, a date or null');
}

function joined(place: string, key: string): string {
  return place === '' ? key : `${place}.${key}`;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'number') return `the number ${value}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
