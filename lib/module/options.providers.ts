import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { resolveOptions } from './monitoring.options.js';
import { OptionsMerger } from './options-merger.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the options, which all imports of the module share. */
export const OPTIONS_PROVIDERS: readonly Provider[] = [
  {
    provide: OptionsMerger,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) =>
      new OptionsMerger(
        () => [...modules.values()].filter(({ providers }) => providers.has(OptionsMerger.ADDED)).length,
      ),
  },
  {
    provide: RESOLVED_OPTIONS,
    inject: [OptionsMerger],
    useFactory: async ({ merged }: OptionsMerger) => resolveOptions(await merged, process.env.NODE_ENV),
  },
];
