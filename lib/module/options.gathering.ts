import { isDeepStrictEqual } from 'node:util';
import type { ModulesContainer } from '@nestjs/core';
import type { MonitoringOptions } from './monitoring.options.js';
import { MonitoringOptionsError } from '../options/option-checks.js';

/**
 * Brings together the options of every import of the module. Nest makes a module of each `forRoot()` call; they
 * all offer their options here and share what is made of them.
 */
export class OptionsGathering {
  /** The provider by which a module offers its options; there is one in each import of the module. */
  static readonly OFFER = Symbol('monitoring.optionsOffer');

  /** The options, once every import has offered its own. */
  readonly gathered: Promise<MonitoringOptions>;
  private readonly offers: MonitoringOptions[] = [];
  private resolve!: (options: MonitoringOptions) => void;

  constructor(private readonly modules: ModulesContainer) {
    this.gathered = new Promise((resolve) => (this.resolve = resolve));
  }

  /** @throws {MonitoringOptionsError} if another import offered other options; one without any is no contradiction */
  offer(options?: MonitoringOptions | null): void {
    this.offers.push(options ?? {});
    const [first = {}, ...others] = this.offers.filter((offer) => Object.keys(offer).length > 0);
    if (others.some((other) => !isDeepStrictEqual(other, first))) {
      throw new MonitoringOptionsError(
        'MonitoringModule was imported with different options. Give them once, in the root module; other imports need none.',
      );
    }
    if (this.offers.length === this.countOfImports()) this.resolve(first);
  }

  private countOfImports(): number {
    return [...this.modules.values()].filter(({ providers }) => providers.has(OptionsGathering.OFFER)).length;
  }
}
