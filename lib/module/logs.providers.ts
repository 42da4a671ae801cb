import type { Provider } from '@nestjs/common';
import { LogLevels } from '../diagnostics/log-levels/log-levels.js';
import { LogLevelRules } from '../instrumentation/logs/log-level-rules.js';
import { LogMessageRecorder } from '../instrumentation/logs/log-message.recorder.js';
import { LogsInstrumentation } from '../instrumentation/logs/logs.instrumentation.js';
import { ApplicationObjects } from '../integrations/application-objects.integration.js';
import { instrumentationGuard } from '../metrics/error-guards.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the counts and the levels of log messages. */
export const LOGS_PROVIDERS: readonly Provider[] = [
  {
    provide: LogsInstrumentation,
    inject: [ApplicationObjects, MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: (
      objects: ApplicationObjects,
      registry: MetricsRegistry,
      { enabled, logs }: ResolvedOptions,
    ) =>
      enabled && logs !== false
        ? new LogsInstrumentation(
            objects,
            new LogMessageRecorder(registry, logs.maxContexts),
            new LogLevelRules(),
            instrumentationGuard(registry, 'logs'),
          )
        : null,
  },
  {
    provide: LogLevels,
    inject: [LogsInstrumentation, RESOLVED_OPTIONS],
    useFactory: (logs: LogsInstrumentation | null, { clock }: ResolvedOptions) =>
      new LogLevels(logs ?? undefined, clock),
  },
];
