import { type Endpoint, type EndpointReply, jsonReply } from '../http/endpoint.js';
import { statusesOf } from './health.endpoint.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/**
 * `GET /alive`: 200 while the process responds, also during a drain, and while the checks of the liveness group
 * succeed. The group has only checks of this process, since a restart does not repair an external dependency.
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
