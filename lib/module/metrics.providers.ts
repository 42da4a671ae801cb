import { Logger, type Provider } from '@nestjs/common';
import { ActiveTrace, findActiveTrace } from '../integrations/opentelemetry/active-trace.js';
import type { ExemplarSource } from '../metrics/exemplars.js';
import { MetricsRegistry } from '../metrics/registry.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { GIVEN_REGISTRY } from './given-registry.token.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';

/** Providers of the registry, and of the active trace for its exemplars. */
export const METRICS_PROVIDERS: readonly Provider[] = [
  { provide: ActiveTrace, useFactory: () => findActiveTrace() },
  {
    provide: MetricsRegistry,
    inject: [ActiveTrace, RESOLVED_OPTIONS, { token: GIVEN_REGISTRY, optional: true }],
    useFactory: (
      trace: ActiveTrace,
      { enabled, defaultLabels, seriesLimit, labelValueLengthLimit, exemplars, clock }: ResolvedOptions,
      given?: MetricsRegistry | null,
    ) =>
      given ??
      new MetricsRegistry({
        enabled,
        defaultLabels,
        seriesLimit,
        labelValueLengthLimit,
        exemplars: exemplarSource(exemplars, trace),
        clock,
        logger: new Logger('Monitoring'),
      }),
  },
];

/** Returns the source of exemplars that the option `exemplars` names. */
export function exemplarSource(
  option: boolean | ExemplarSource,
  trace: ActiveTrace,
): ExemplarSource | undefined {
  if (typeof option === 'function') return option;
  return option ? trace.exemplars : undefined;
}
