import { SetMetadata } from '@nestjs/common';
import { expectClass } from '../options/option-checks.js';
import { checkHealthCheckOptions, type HealthCheck, type HealthCheckOptions } from './health-check.js';

/** The metadata key of {@link HealthCheckProvider}. */
export const HEALTH_CHECK_OPTIONS = Symbol.for('nestjs-monitoring.healthCheck');

/** A class whose instances have a `check()` method. */
type CheckingClass = new (...dependencies: never[]) => Pick<HealthCheck, 'check'>;

/**
 * Registers a provider as a health check. The provider may belong to any module and inject dependencies. Its
 * `check(signal)` returns a status, or throws. `@Injectable()` is not needed in addition.
 *
 * @example
 * ```ts
 * @HealthCheckProvider({ name: 'payments', critical: false, timeoutMs: 500 })
 * export class PaymentsHealth {
 *   constructor(private readonly gateway: PaymentGateway) {}
 *   async check(signal: AbortSignal) {
 *     const { balance } = await this.gateway.status({ signal });
 *     return { status: balance > 0 ? 'healthy' : 'degraded', details: { balance } } as const;
 *   }
 * }
 * ```
 *
 * @throws {MonitoringOptionsError} for invalid options, and on anything other than a class
 */
export function HealthCheckProvider(
  options: HealthCheckOptions,
): <T extends CheckingClass>(target: T) => void {
  checkHealthCheckOptions(options);
  return (target, ...place: unknown[]) => {
    expectClass('@HealthCheckProvider()', target, place);
    SetMetadata(HEALTH_CHECK_OPTIONS, options)(target);
  };
}
