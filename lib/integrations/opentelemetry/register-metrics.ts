import { BridgedMeterProvider, type OpenTelemetryMeterProvider } from './meter-provider.js';

/**
 * Registers the `MeterProvider` of `bridges: { openTelemetry: true }` with `@opentelemetry/api`, unless another one is
 * there. Call it before anything asks for a meter, where a meter is needed before `MonitoringModule.forRoot()` is called.
 * The first 1000 measurements are kept until the application starts.
 *
 * @returns the provider, which may also be given to instrumentations
 * @throws {Error} if `@opentelemetry/api` is not installed
 */
export function registerOpenTelemetryMetrics(): OpenTelemetryMeterProvider {
  const provider = BridgedMeterProvider.shared();
  if (provider.register() === 'not installed') {
    throw new Error(
      'registerOpenTelemetryMetrics() needs the package @opentelemetry/api: npm install @opentelemetry/api',
    );
  }
  return provider;
}
