import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint, EndpointReply } from './endpoint.js';
import type { MountedEndpoint } from './route-table.js';

/**
 * Whether an endpoint gets its route, where the application may have it already.
 *
 * @throws {Error} if the application has a route that an option claims
 */
export type Claim = (mounted: MountedEndpoint, isTaken: boolean) => boolean;

/**
 * Finds the answer to a request. Never rejects.
 *
 * @param args what a handler of the framework is given
 */
export type Respond = (
  endpoint: Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
  args: readonly unknown[],
) => Promise<EndpointReply>;
