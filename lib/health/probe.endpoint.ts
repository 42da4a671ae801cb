import { type Endpoint, type EndpointReply, type EndpointRequest, jsonReply } from '../http/endpoint.js';
import { statusesOf } from './health.endpoint.js';
import type { HealthReport } from './health-report.js';
import type { HealthMonitor } from './health.monitor.js';
import type { ResolvedHealth } from './health.options.js';

/** An endpoint for the probes of an orchestrator, such as Kubernetes. Its status code depends on a group of checks. */
export abstract class ProbeEndpoint implements Endpoint {
  abstract readonly option: string;
  readonly restricted = false;

  constructor(
    protected readonly monitor: HealthMonitor,
    protected readonly health: Pick<ResolvedHealth, 'httpStatus' | 'groups'>,
    readonly path: string,
    readonly overridable: boolean,
  ) {}

  abstract handle(request: EndpointRequest): EndpointReply | Promise<EndpointReply>;

  /**
   * Returns the reply to a probe, with the HTTP status code of the report.
   *
   * @param success status in the body if the code is below 400
   * @param failure status in the body otherwise
   */
  protected replyWith(report: HealthReport, success: string, failure: string): EndpointReply {
    const code = this.health.httpStatus[report.status];
    return code < 400
      ? jsonReply(code, { status: success })
      : jsonReply(code, { status: failure, checks: statusesOf(report) });
  }
}
