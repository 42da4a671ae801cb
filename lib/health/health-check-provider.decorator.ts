import { SetMetadata } from '@nestjs/common';
import type { HealthCheck, HealthCheckOptions } from './health-check.js';

/** What the decorator has noted on a class. */
export const HEALTH_CHECK_OPTIONS = Symbol('monitoring.healthCheck');

/** A class whose instances can check. */
type CheckingClass = new (...dependencies: never[]) => Pick<HealthCheck, 'check'>;

/**
 * Makes a provider a health check, with whatever it wants injected. It is found in whichever module provides it; its
 * `check(signal)` says how well it is, or throws. `@Injectable()` is not needed beside it.
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
 */
export function HealthCheckProvider(
  options: HealthCheckOptions,
): <T extends CheckingClass>(target: T) => void {
  return SetMetadata(HEALTH_CHECK_OPTIONS, options);
}
