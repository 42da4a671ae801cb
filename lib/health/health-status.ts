/** How well something is, from best to worst. */
export const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy', 'critical'] as const;

/**
 * How well something is: `healthy`; `degraded`, which is not as it should be but serves; `unhealthy`, which does not
 * serve; `critical`, which does not serve and will not by itself, so that somebody has to come.
 */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** The worst of them; healthy if there are none. */
export function worstOf(statuses: Iterable<HealthStatus>): HealthStatus {
  let worst: HealthStatus = 'healthy';
  for (const status of statuses) {
    if (HEALTH_STATUSES.indexOf(status) > HEALTH_STATUSES.indexOf(worst)) worst = status;
  }
  return worst;
}

/** Whether what has this status does its work. */
export function serves(status: HealthStatus): boolean {
  return status === 'healthy' || status === 'degraded';
}
