import { type Endpoint, type EndpointReply, jsonReply } from '../http/endpoint.js';
import { statusesOf } from './health.endpoint.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/**
 * `GET /alive`: 200 as long as the process can answer at all, also while it drains, unless checks of the process
 * itself were made part of it. It asks nothing outside: to start anew does not mend that.
 */
export class LivenessEndpoint implements Endpoint {
  readonly option = 'liveness';
  readonly restricted = false;

  constructor(
    private readonly monitor: HealthMonitor,
    private readonly health: Pick<ResolvedHealth, 'httpStatus' | 'groups'>,
    readonly path: string,
    readonly overridable: boolean,
  ) {}

  async handle(): Promise<EndpointReply> {
    const { httpStatus, groups } = this.health;
    const { liveness = [] } = groups;
    if (liveness.length === 0 || this.monitor.phase === 'draining')
      return jsonReply(200, { status: 'alive' });
    const report = await this.monitor.runHealthChecks(liveness);
    const code = httpStatus[report.status];
    return code < 400
      ? jsonReply(code, { status: 'alive' })
      : jsonReply(code, { status: 'failing', checks: statusesOf(report) });
  }
}
