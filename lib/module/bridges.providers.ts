import type { Provider } from '@nestjs/common';
import { BridgedMeterProvider } from '../integrations/opentelemetry/meter-provider.js';
import { MetricsRegistry } from '../metrics/registry.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { OPEN_TELEMETRY_BRIDGE } from './lazily-loaded.token.js';
import type { ResolvedOptions } from './monitoring.options.js';
import { RESOLVED_OPTIONS } from './resolved-options.token.js';
import { loadInTurn } from '../primitives/load-in-turn.js';

/** Providers of the bridges that an application has for metrics of other libraries. */
export const BRIDGES_PROVIDERS: readonly Provider[] = [
  {
    provide: OPEN_TELEMETRY_BRIDGE,
    inject: [MetricsRegistry, RESOLVED_OPTIONS],
    useFactory: async (registry: MetricsRegistry, { enabled, bridges, conventions }: ResolvedOptions) => {
      if (!enabled || bridges.openTelemetry === false) return null;
      const provider = BridgedMeterProvider.shared();
      // As early as possible: other providers may ask for a meter in their constructors.
      if (provider.register() === 'not installed') {
        throw new MonitoringOptionsError(
          '`bridges.openTelemetry` needs the package @opentelemetry/api: npm install @opentelemetry/api',
        );
      }
      const { OpenTelemetryBridge } = await loadInTurn(
        () => import('../integrations/opentelemetry/open-telemetry.bridge.js'),
      );
      return new OpenTelemetryBridge(registry, bridges.openTelemetry, provider, conventions);
    },
  },
];
