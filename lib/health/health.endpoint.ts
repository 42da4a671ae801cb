import { type Endpoint, type EndpointReply, type EndpointRequest, jsonReply } from '../endpoints/endpoint.js';
import type { HealthMonitor, HealthReport } from './health.monitor.js';

/** `GET /health`: what all checks say, with their messages and details for the authorised. */
export class HealthEndpoint implements Endpoint {
  readonly option = 'health';
  readonly restricted = false;

  constructor(
    private readonly monitor: HealthMonitor,
    readonly path: string,
    readonly yields: boolean,
  ) {}

  async handle(request: EndpointRequest): Promise<EndpointReply> {
    const report = await this.monitor.runHealthChecks();
    const serves = report.status === 'healthy' || report.status === 'degraded';
    return jsonReply(serves ? 200 : 503, (await request.isAuthorized()) ? report : withoutDetails(report));
  }
}

function withoutDetails({ status, timestamp, checks }: HealthReport): unknown {
  const statuses = Object.entries(checks).map(([name, check]) => [name, { status: check.status }]);
  return { status, timestamp, checks: Object.fromEntries(statuses) };
}
