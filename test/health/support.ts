import type { HealthCheck, HealthCheckAnswer } from 'nestjs-monitoring';

/** In how many ways a check can go. */
export const BEHAVIOURS = [
  'ok',
  'slow',
  'hanging',
  'throwing',
  'rejecting',
  'nonsense',
  'nothing',
  'flapping',
] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

/** A check that behaves as it is told, and counts its calls. */
export class ScriptedCheck implements HealthCheck {
  calls = 0;
  readonly signals: AbortSignal[] = [];

  constructor(
    readonly behaviour: Behaviour,
    readonly name = 'scripted',
    readonly critical = true,
    readonly timeoutMs = 50,
  ) {}

  check(signal: AbortSignal): HealthCheckAnswer | Promise<HealthCheckAnswer> {
    this.calls++;
    this.signals.push(signal);
    const healthy = { status: 'healthy', message: 'Connection successful' } as const;
    switch (this.behaviour) {
      case 'ok':
        return healthy;
      case 'slow':
        return new Promise((resolve) => setTimeout(() => resolve(healthy), 5));
      case 'hanging':
        return new Promise(() => undefined);
      case 'throwing':
        throw new Error('connect ECONNREFUSED postgres://app:hunter2@db:5432/orders');
      case 'rejecting':
        return Promise.reject(new Error('connection lost'));
      case 'nonsense':
        return [1, 2] as unknown as HealthCheckAnswer;
      case 'nothing':
        return undefined as unknown as HealthCheckAnswer;
      default:
        return this.calls % 2 === 1 ? healthy : { status: 'unhealthy', message: 'not now' };
    }
  }
}

/** What a monitor must say of a check that behaves like this, at its first run. */
export const FOUND: Readonly<Record<Behaviour, { readonly isUp: boolean; readonly message: string }>> = {
  ok: { isUp: true, message: 'Connection successful' },
  slow: { isUp: true, message: 'Connection successful' },
  hanging: { isUp: false, message: 'timed out after 50 ms' },
  throwing: { isUp: false, message: 'connect ECONNREFUSED postgres://***@db:5432/orders' },
  rejecting: { isUp: false, message: 'connection lost' },
  nonsense: {
    isUp: false,
    message:
      'The check returned an array; expected { status, message?, details? } with a status of healthy, degraded, unhealthy, critical, or the result of an indicator of @nestjs/terminus.',
  },
  nothing: {
    isUp: false,
    message:
      'The check returned undefined; expected { status, message?, details? } with a status of healthy, degraded, unhealthy, critical, or the result of an indicator of @nestjs/terminus.',
  },
  flapping: { isUp: true, message: 'Connection successful' },
};
