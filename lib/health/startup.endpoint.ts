import { type Endpoint, type EndpointReply, jsonReply } from '../http/endpoint.js';
import { statusesOf } from './health.endpoint.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/** `GET /startup`: 200 once the application has started and the checks of the startup group have succeeded once. */
export class StartupEndpoint implements Endpoint {
  readonly option = 'startup';
  readonly restricted = false;
  private started = false;

  constructor(
    private readonly monitor: HealthMonitor,
    private readonly health: Pick<ResolvedHealth, 'httpStatus' | 'groups'>,
    readonly path: string,
    readonly overridable: boolean,
  ) {}

  async handle(): Promise<EndpointReply> {
    const { httpStatus, groups } = this.health;
    if (this.started) return jsonReply(200, { status: 'started' });
    if (this.monitor.phase === 'starting') return jsonReply(503, { status: 'starting' });
    const report = await this.monitor.runHealthChecks(groups.startup ?? []);
    const code = httpStatus[report.status];
    this.started = code < 400;
    return this.started
      ? jsonReply(200, { status: 'started' })
      : jsonReply(code, { status: 'starting', checks: statusesOf(report) });
  }
}
