/** The numbers of a cause, such as a duration, which are others in the next of its records. */
const NUMBERS = /[\d.]+/g;

/** Returns what tells a cause from the others, and stays the same with its next record. */
export function causeKey({ name, hasFailed, cause }) {
  return `${name}\n${hasFailed}\n${cause.kind}\n${hasFailed && cause.text.replaceAll(NUMBERS, '')}`;
}
