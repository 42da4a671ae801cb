/** Files that take much longer than others, with the seconds that each takes. */
export const LONG_FILES: Readonly<Record<string, number>>;

/** Starts the files that take longest first. */
export default class LongestFirst {
  sort<T extends { readonly path: string }>(tests: T[]): T[];
}
