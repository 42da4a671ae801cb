/** What distinguishes the data of a metric: the `Dimension` of the API. */
export interface Dimension {
  readonly Name: string;
  readonly Value: string;
}

type Labels = Readonly<Record<string, string>>;

const MAX_DIMENSIONS = 30;
const MAX_NAME_LENGTH = 255;
const MAX_VALUE_LENGTH = 1_024;

/**
 * The dimensions under which a series is told: all of its labels first, and then those that it is rolled up to.
 *
 * @param rollUps lists of label names; a series that lacks one of them is not rolled up to that list
 */
export function dimensionSetsOf(
  labels: Labels,
  rollUps: readonly (readonly string[])[],
): readonly (readonly Dimension[])[] {
  const sets = [dimensionsOf(labels)];
  for (const names of rollUps) {
    if (!names.every((name) => name in labels)) continue;
    const set = dimensionsOf(Object.fromEntries(names.map((name) => [name, labels[name] ?? ''])));
    if (!sets.some((other) => identityOf(other) === identityOf(set))) sets.push(set);
  }
  return sets;
}

/** A text that two sets of dimensions have in common only if they are the same to CloudWatch. */
export function identityOf(dimensions: readonly Dimension[]): string {
  return JSON.stringify(dimensions);
}

/** Labels as CloudWatch takes them; a label without a value is none, and of more than 30 the first are kept. */
function dimensionsOf(labels: Labels): Dimension[] {
  const dimensions = new Map<string, string>();
  for (const [name, value] of Object.entries(labels)) {
    const cleaned = ascii(value).slice(0, MAX_VALUE_LENGTH);
    if (cleaned.trim() !== '') dimensions.set(name.slice(0, MAX_NAME_LENGTH), cleaned);
  }
  return [...dimensions].slice(0, MAX_DIMENSIONS).map(([Name, Value]) => ({ Name, Value }));
}

/** The text without accents, and with `_` for whatever else is no printable ASCII. */
function ascii(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{Mark}/gu, '')
    .replaceAll(/[^ -~]/gu, '_');
}
