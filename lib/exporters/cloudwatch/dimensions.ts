import { onFirstUse } from '../../primitives/on-first-use.js';

/** A label of a metric at CloudWatch: the `Dimension` of its API. */
export interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

type Labels = Readonly<Record<string, string>>;

const MAX_DIMENSIONS = 30;
const MAX_NAME_LENGTH = 255;
const MAX_VALUE_LENGTH = 1_024;

const MARK = onFirstUse(() => /\p{Mark}/gu);

/**
 * Returns the sets of dimensions under which a series is sent: all of its labels first, then its roll-ups.
 *
 * @param rollUps arrays of label names; a series that lacks one of the labels is not rolled up to that array
 * @param maxNameLength length to which the name of a dimension is cut, in characters
 */
export function dimensionSetsOf(
  labels: Labels,
  rollUps: readonly (readonly string[])[],
  maxNameLength = MAX_NAME_LENGTH,
): readonly (readonly Dimension[])[] {
  const sets = [dimensionsOf(labels, maxNameLength)];
  for (const names of rollUps) {
    if (!names.every((name) => name in labels)) continue;
    const rolledUp = Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));
    const set = dimensionsOf(rolledUp, maxNameLength);
    if (!sets.some((other) => identityOf(other) === identityOf(set))) sets.push(set);
  }
  return sets;
}

/** Returns a key that is equal for two sets of dimensions if CloudWatch considers them the same. */
export function identityOf(dimensions: readonly Dimension[]): string {
  return JSON.stringify(dimensions);
}

/** Returns labels within the limits of CloudWatch. A label with an empty value is omitted; the first 30 are kept. */
function dimensionsOf(labels: Labels, maxNameLength: number): Dimension[] {
  const dimensions = new Map<string, string>();
  for (const [name, value] of Object.entries(labels)) {
    const cleaned = ascii(value).slice(0, MAX_VALUE_LENGTH);
    if (cleaned.trim() !== '') dimensions.set(name.slice(0, maxNameLength), cleaned);
  }
  return [...dimensions].slice(0, MAX_DIMENSIONS).map(([Name, Value]) => ({ Name, Value }));
}

/** Returns the text as printable ASCII, without accents and with `_` for other characters. */
function ascii(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(MARK(), '')
    .replaceAll(/[^ -~]/gu, '_');
}
