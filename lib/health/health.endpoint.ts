import { type Endpoint, type EndpointReply, type EndpointRequest, jsonReply } from '../http/endpoint.js';
import type { HealthReport } from './health-report.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/** `GET /health`: the report of all checks. Only authorized clients get messages and details. */
export class HealthEndpoint implements Endpoint {
  readonly option = 'health';
  readonly restricted = false;

  constructor(
    private readonly monitor: HealthMonitor,
    private readonly httpStatus: ResolvedHealth['httpStatus'],
    readonly path: string,
    readonly overridable: boolean,
  ) {}

  async handle(request: EndpointRequest): Promise<EndpointReply> {
    const report = await this.monitor.runHealthChecks();
    const body = (await request.isAuthorized()) ? report : { ...report, checks: statusesOf(report) };
    return jsonReply(this.httpStatus[report.status], body);
  }
}

/** Returns the status of each check, without messages and details, which are for authorized clients. */
export function statusesOf({ checks }: HealthReport): Record<string, { status: string }> {
  return Object.fromEntries(Object.entries(checks).map(([name, { status }]) => [name, { status }]));
}
