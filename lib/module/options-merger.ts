import { isDeepStrictEqual } from 'node:util';
import { MonitoringOptionsError } from '../options/option-checks.js';
import type { MonitoringOptions } from './monitoring.options.js';

/** It follows if one import is disabled and another is not, as that of `MonitoringTestingModule` is. */
const TESTING_HINT =
  ' A test that imports the root module of the application does not import MonitoringTestingModule, too.';

/**
 * A merger of the options of every import of the module. Nest creates one module for each `forRoot()` call; each adds
 * its options here, and all of them share the result.
 */
export class OptionsMerger {
  /** Injection token of the provider that adds the options of an import; each import has one. */
  static readonly ADDED = Symbol('monitoring.optionsAdded');

  /** Resolves to the options, once every import has added its own. */
  readonly merged: Promise<MonitoringOptions>;
  private readonly added: MonitoringOptions[] = [];
  private resolve!: (options: MonitoringOptions) => void;

  /** @param countImports returns the number of imports, each of which adds its options once */
  constructor(private readonly countImports: () => number) {
    this.merged = new Promise((resolve) => (this.resolve = resolve));
  }

  /**
   * Adds the options of one import. An import without options agrees with any other.
   *
   * @throws {MonitoringOptionsError} if two imports have different options, or controllers
   */
  add(options?: MonitoringOptions | null): void {
    this.added.push(options ?? {});
    const withControllers = this.added.filter(
      ({ endpoints }) => typeof endpoints === 'object' && endpoints?.controllers === true,
    );
    if (withControllers.length > 1) {
      throw new MonitoringOptionsError(
        '`endpoints.controllers` must be set by one import of MonitoringModule, since each would have controllers of its own. Give the options once, in the root module; other imports need none.',
      );
    }
    const [first = {}, ...others] = this.added.filter((given) => Object.keys(given).length > 0);
    const different = others.find((other) => !isDeepStrictEqual(other, first));
    if (different !== undefined) {
      const isOneOff = (first.enabled === false) !== (different.enabled === false);
      const hint = isOneOff ? TESTING_HINT : '';
      throw new MonitoringOptionsError(
        `MonitoringModule is imported with different options: ${differenceOf(first, different)}. Give them once, in the root module; other imports need none.${hint}`,
      );
    }
    if (this.added.length === this.countImports()) this.resolve(first);
  }
}

/** Returns the names of the options in which two imports differ; their values may be secrets. */
function differenceOf(first: MonitoringOptions, second: MonitoringOptions): string {
  const names = new Set(Object.keys({ ...first, ...second })) as Set<keyof MonitoringOptions>;
  const different = [...names].filter((name) => !isDeepStrictEqual(first[name], second[name]));
  return `they differ in ${different.map((name) => `\`${name}\``).join(', ')}`;
}
