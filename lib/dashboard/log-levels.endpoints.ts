import type { Endpoint } from '../http/endpoint.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import { ApiError, DashboardActionEndpoint, DashboardReadEndpoint } from './dashboard-api.endpoints.js';

/** The levels of log messages, as JSON. */
export interface LogLevelSource {
  read(): object;
  set(change: { context?: string; level: string; forMs?: number }): unknown;
  reset(context?: string): boolean;
}

/** Returns the endpoints that read the levels of log messages and change them. */
export function logLevelEndpoints(
  path: string,
  overridable: boolean,
  hasAuth: boolean,
  logLevels: LogLevelSource,
): Endpoint[] {
  return [
    new DashboardReadEndpoint(path, overridable, () => ({ ...logLevels.read(), canChange: hasAuth })),
    new DashboardActionEndpoint(path, overridable, hasAuth, ({ context, level, forMs }) => {
      if (level === null) {
        if (!logLevels.reset(context as string | undefined))
          throw new ApiError(404, 'The level is not changed.');
        return {};
      }
      try {
        // The levels check the values themselves.
        return logLevels.set({ context, level, forMs } as Parameters<typeof logLevels.set>[0]);
      } catch (error) {
        if (error instanceof MonitoringOptionsError) throw new ApiError(400, error.message);
        throw error;
      }
    }),
  ];
}
