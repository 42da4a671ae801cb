import { type Endpoint, type EndpointReply, jsonReply } from '../http/endpoint.js';
import { statusesOf } from './health.endpoint.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/** `GET /ready`: whether the application should get requests; 503 while it starts and while it drains. */
export class ReadinessEndpoint implements Endpoint {
  readonly option = 'readiness';
  readonly restricted = false;

  constructor(
    private readonly monitor: HealthMonitor,
    private readonly health: Pick<ResolvedHealth, 'httpStatus' | 'groups'>,
    readonly path: string,
    readonly overridable: boolean,
    private readonly onAsked: () => void,
  ) {}

  async handle(): Promise<EndpointReply> {
    const { httpStatus, groups } = this.health;
    this.onAsked();
    if (this.monitor.phase !== 'ready') return jsonReply(503, { status: this.monitor.phase });
    const report = await this.monitor.runHealthChecks(groups.readiness);
    // The checks may have taken so long that this has changed.
    if (this.monitor.phase !== 'ready') return jsonReply(503, { status: this.monitor.phase });
    const code = httpStatus[report.status];
    return code < 400
      ? jsonReply(code, { status: 'ready' })
      : jsonReply(code, { status: 'unready', checks: statusesOf(report) });
  }
}
