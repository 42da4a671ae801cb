import { type Endpoint, type EndpointReply, type EndpointRequest, jsonReply } from '../http/endpoint.js';
import type { HealthReport } from './health-report.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/** `GET /health`: what all checks say, with their messages and details for the authorised. */
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
    const shown = (await request.isAuthorized()) ? report : { ...report, checks: statusesOf(report) };
    return jsonReply(this.httpStatus[report.status], shown);
  }
}

/** What everybody may know of the checks. */
export function statusesOf({ checks }: HealthReport): Record<string, { status: string }> {
  return Object.fromEntries(Object.entries(checks).map(([name, { status }]) => [name, { status }]));
}
