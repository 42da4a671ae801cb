/** The health statuses, from best to worst. */
export const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy', 'critical'] as const;

/**
 * The status of a check or of the application:
 * - `healthy`: it works.
 * - `degraded`: it serves requests, with a problem.
 * - `unhealthy`: it cannot serve requests.
 * - `critical`: it cannot serve requests, and does not recover without intervention.
 */
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

/** Returns the worst of several statuses; `healthy` if there are none. */
export function worstOf(statuses: Iterable<HealthStatus>): HealthStatus {
  let worst: HealthStatus = 'healthy';
  for (const status of statuses) {
    if (HEALTH_STATUSES.indexOf(status) > HEALTH_STATUSES.indexOf(worst)) worst = status;
  }
  return worst;
}

/** Returns true for `healthy` and `degraded`. */
export function canServe(status: HealthStatus): boolean {
  return status === 'healthy' || status === 'degraded';
}
