import { type Endpoint, type EndpointReply, type EndpointRequest, jsonReply } from '../http/endpoint.js';
import { statusesOf } from './health.endpoint.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/** `GET /ready`: 200 while the application can serve requests; 503 during start-up and drain. */
export class ReadinessEndpoint implements Endpoint {
  readonly option = 'readiness';
  readonly restricted = false;

  constructor(
    private readonly monitor: HealthMonitor,
    private readonly health: Pick<ResolvedHealth, 'httpStatus' | 'groups'>,
    readonly path: string,
    readonly overridable: boolean,
    private readonly onProbe: (remoteAddress: string | undefined) => void,
  ) {}

  async handle({ remoteAddress }: EndpointRequest): Promise<EndpointReply> {
    const { httpStatus, groups } = this.health;
    this.onProbe(remoteAddress);
    if (this.monitor.phase !== 'ready') return jsonReply(503, { status: this.monitor.phase });
    const report = await this.monitor.runHealthChecks(groups.readiness);
    // The phase may have changed while the checks ran.
    if (this.monitor.phase !== 'ready') return jsonReply(503, { status: this.monitor.phase });
    const code = httpStatus[report.status];
    return code < 400
      ? jsonReply(code, { status: 'ready' })
      : jsonReply(code, { status: 'unready', checks: statusesOf(report) });
  }
}
