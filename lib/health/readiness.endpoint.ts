import { type EndpointReply, type EndpointRequest, jsonReply } from '../http/endpoint.js';
import { ProbeEndpoint } from './probe.endpoint.js';

/** `GET /ready`: 200 while the application can serve requests; 503 during start-up and drain. */
export class ReadinessEndpoint extends ProbeEndpoint {
  readonly option = 'readiness';

  /** @param onProbe is called for each probe */
  constructor(
    private readonly onProbe: (remoteAddress: string | undefined) => void,
    ...probe: ConstructorParameters<typeof ProbeEndpoint>
  ) {
    super(...probe);
  }

  async handle({ remoteAddress }: EndpointRequest): Promise<EndpointReply> {
    this.onProbe(remoteAddress);
    if (this.monitor.phase !== 'ready') return jsonReply(503, { status: this.monitor.phase });
    const report = await this.monitor.runHealthChecks(this.health.groups.readiness);
    // The phase may have changed while the checks ran.
    if (this.monitor.phase !== 'ready') return jsonReply(503, { status: this.monitor.phase });
    return this.replyWith(report, 'ready', 'unready');
  }
}
