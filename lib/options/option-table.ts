import {
  booleanOf,
  bucketsOf,
  countOf,
  durationMsOf,
  expectKeys,
  expectList,
  expectOption,
  expectSwitch,
  intervalMsOf,
  patternsOf,
  switchedOptions,
} from './option-checks.js';

/** One option: its default, and the check of a given value. */
export interface OptionEntry<T> {
  /** The default; undefined if there is none, or it depends on something else. */
  readonly default: T | undefined;
  /**
   * Returns the value, or the default if none is given.
   *
   * @throws {MonitoringOptionsError} for an invalid value
   */
  readonly read: (option: string, value: unknown) => T;
}

/** The table of all options of an interface `O`, read as an `R`. A missing or unknown option does not compile. */
export type OptionTable<O, R = Required<O>> = {
  readonly [K in keyof O]-?: OptionEntry<K extends keyof R ? R[K] : never>;
};

/** The names of all options that have been read. They are those of the tables, which the application cannot add to. */
const namesRead = new Set<string>();

/** Returns true for the name of an option that has been read, given or not. */
export function isOptionName(name: string): boolean {
  return namesRead.has(name);
}

/**
 * Reads options by their table: refuses unknown keys, checks the values and fills in the defaults. Options without a
 * value are left out.
 *
 * @throws {MonitoringOptionsError}
 */
export function readOptions<O extends object, R>(
  owner: string,
  options: O,
  table: OptionTable<O, R>,
  optionOf?: (key: string) => string,
): R {
  expectKeys(owner, options, Object.keys(table));
  return readValues(owner, options, table, optionOf);
}

/**
 * Reads the options of a table, which may be some of the options given: checks the values and fills in the defaults.
 *
 * @throws {MonitoringOptionsError}
 */
export function readValues<O extends object, R>(
  owner: string,
  options: O,
  table: OptionTable<O, R>,
  optionOf: (key: string) => string = (key) => `${owner}.${key}`,
): R {
  const read: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries<OptionEntry<unknown>>(table)) {
    namesRead.add(key);
    const value = entry.read(optionOf(key), options[key as keyof O]);
    if (value !== undefined) read[key] = value;
  }
  return read as R;
}

/** Returns the names of the options of a table. */
export function optionNames<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[];
}

/** Returns the entry of an option that is true or false. */
export function flag(byDefault: boolean): OptionEntry<boolean> {
  return entryOf(booleanOf, byDefault);
}

/** Returns the entry of an option that is a whole number of at least `min`. */
export function count(byDefault: number, min = 1): OptionEntry<number> {
  return entryOf((option, value: number | undefined) => countOf(option, value, byDefault, min), byDefault);
}

/** Returns the entry of an option that is a duration in milliseconds. */
export function duration(byDefault: number): OptionEntry<number> {
  return entryOf(durationMsOf, byDefault);
}

/** Returns the entry of an option that is the delay of a timer in milliseconds. */
export function interval(byDefault: number): OptionEntry<number> {
  return entryOf(intervalMsOf, byDefault);
}

/** An option that is the delay of a timer in milliseconds, without a default. */
export const OPTIONAL_INTERVAL: OptionEntry<number | undefined> = {
  default: undefined,
  read: (option, value) => (value === undefined ? value : intervalMsOf(option, value as number, 0)),
};

/** Returns the entry of an option that is a list of bucket bounds. */
export function buckets(byDefault: readonly number[]): OptionEntry<readonly number[]> {
  return entryOf(bucketsOf, byDefault);
}

/** Returns the entry of an option that is a list of strings and regular expressions, none by default. */
export function patterns(expected: string): OptionEntry<readonly (string | RegExp)[]> {
  return entryOf(
    (option, value: readonly (string | RegExp)[] | undefined) => patternsOf(option, value, expected),
    [],
  );
}

/** Returns the entry of an option that is a list of strings and regular expressions, without a default. */
export function optionalPatterns(expected: string): OptionEntry<readonly (string | RegExp)[] | undefined> {
  return {
    default: undefined,
    read: (option, value) =>
      value === undefined ? value : patternsOf(option, value as readonly (string | RegExp)[], expected),
  };
}

/** Returns the entry of an option of any other type. */
export function checked<T>(
  expected: string,
  isValid: (value: NonNullable<T>) => boolean,
  byDefault: T,
): OptionEntry<T> {
  return {
    default: byDefault,
    read: (option, given) => {
      if (given === undefined) return byDefault;
      expectOption(option, given, expected, given !== null && isValid(given as NonNullable<T>));
      return given as T;
    },
  };
}

/** Returns the entry of an option that is a string, without a default. */
export function text(expected = 'a non-empty string'): OptionEntry<string | undefined> {
  return checked<string | undefined>(
    expected,
    (given) => typeof given === 'string' && given !== '',
    undefined,
  );
}

/** Returns the entry of an option that is a list, empty by default. */
export function list<T>(
  expected: string,
  isItem: (item: unknown) => boolean = () => true,
): OptionEntry<readonly T[]> {
  return {
    default: [],
    read: (option, given) => {
      if (given === undefined) return [];
      expectList(option, given, expected, isItem);
      return given as readonly T[];
    },
  };
}

/** Returns the entry of an option that is a group of options with a function that reads them. */
export function group<V, T>(read: (given: V | undefined, option: string) => T): OptionEntry<T> {
  return { default: undefined, read: (option, given) => read(given as V | undefined, option) };
}

/**
 * Returns the entry of an option that is a group of options, false to turn off what they are of, or true, which is the
 * same as an empty group.
 *
 * @param takesTrue false if some of the options have no default, so that `true` says too little
 */
export function switchedGroup<V, T>(
  read: (given: V | undefined, option: string) => T,
  takesTrue = true,
): OptionEntry<T> {
  return group((given: V | true | undefined, option) => {
    expectSwitch(option, given, takesTrue);
    return read(switchedOptions<V | undefined>(given), option);
  });
}

function entryOf<V, T>(
  read: (option: string, value: V | undefined, byDefault: T) => T,
  byDefault: T,
): OptionEntry<T> {
  return { default: byDefault, read: (option, given) => read(option, given as V | undefined, byDefault) };
}
