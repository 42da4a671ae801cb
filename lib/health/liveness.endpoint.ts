import { type EndpointReply, jsonReply } from '../http/endpoint.js';
import { ProbeEndpoint } from './probe.endpoint.js';

/**
 * `GET /alive`: 200 while the process responds, also during a drain, and while the checks of the liveness group
 * succeed. The group has only checks of this process, since a restart does not repair an external dependency.
 */
export class LivenessEndpoint extends ProbeEndpoint {
  readonly option = 'liveness';

  async handle(): Promise<EndpointReply> {
    const { liveness = [] } = this.health.groups;
    if (liveness.length === 0 || this.monitor.phase === 'draining') {
      return jsonReply(200, { status: 'alive' });
    }
    return this.replyWith(await this.monitor.runHealthChecks(liveness), 'alive', 'failing');
  }
}
