import type { Provider } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { runsOnLambda } from '../primitives/runs-on-lambda.js';
import { settledBeforeExit } from './before-exit.js';
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
    useFactory: async ({ merged }: OptionsMerger) =>
      resolveOptions(await settledBeforeExit(merged, optionsMissing), process.env.NODE_ENV, runsOnLambda()),
  },
];

/** Without this error the process would end with exit code 0 and without a line. */
function optionsMissing(): MonitoringOptionsError {
  return new MonitoringOptionsError(
    'MonitoringModule.forRootAsync() has no options: its factory waits for something that never comes. Neither the factory nor the providers that it injects may inject anything of monitoring, such as MetricsRegistry.',
  );
}
