import { type Endpoint, type EndpointReply, jsonReply } from '../endpoints/endpoint.js';

/** `GET /alive`: 200 as long as the process can answer at all, also while it drains; it asks nothing outside. */
export class LivenessEndpoint implements Endpoint {
  readonly option = 'liveness';
  readonly restricted = false;

  constructor(
    readonly path: string,
    readonly yields: boolean,
  ) {}

  handle(): EndpointReply {
    return jsonReply(200, { status: 'alive' });
  }
}
