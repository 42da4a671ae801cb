import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { resolveOptions } from './monitoring.options.js';
import { OptionsGathering } from './options.gathering.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** The options of every import of the module, made one. */
export const OPTIONS_PROVIDERS: readonly Provider[] = [
  {
    provide: OptionsGathering,
    inject: [ModulesContainer],
    useFactory: (modules: ModulesContainer) => new OptionsGathering(modules),
  },
  {
    provide: RESOLVED_OPTIONS,
    inject: [OptionsGathering],
    useFactory: async ({ gathered }: OptionsGathering) =>
      resolveOptions(await gathered, process.env.NODE_ENV),
  },
];
