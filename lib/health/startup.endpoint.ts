import { type EndpointReply, jsonReply } from '../http/endpoint.js';
import { ProbeEndpoint } from './probe.endpoint.js';

/** `GET /startup`: 200 once the application has started and the checks of the startup group have succeeded once. */
export class StartupEndpoint extends ProbeEndpoint {
  readonly option = 'startup';
  private started = false;

  async handle(): Promise<EndpointReply> {
    if (this.started) return jsonReply(200, { status: 'started' });
    if (this.monitor.phase === 'starting') return jsonReply(503, { status: 'starting' });
    const report = await this.monitor.runHealthChecks(this.health.groups.startup ?? []);
    const reply = this.replyWith(report, 'started', 'starting');
    this.started = reply.status < 400;
    return reply;
  }
}
