import { type Endpoint, type EndpointReply, jsonReply } from '../endpoints/endpoint.js';
import type { HealthMonitor } from './health.monitor.js';

/** `GET /ready`: whether the application should get requests; 503 while it starts and while it drains. */
export class ReadinessEndpoint implements Endpoint {
  readonly option = 'readiness';
  readonly restricted = false;

  constructor(
    private readonly monitor: HealthMonitor,
    readonly path: string,
    readonly yields: boolean,
  ) {}

  handle(): EndpointReply {
    const { phase } = this.monitor;
    return jsonReply(phase === 'ready' ? 200 : 503, { status: phase });
  }
}
