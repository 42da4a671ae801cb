import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint, EndpointReply } from './endpoint.js';
import type { MountedEndpoint } from './route-table.js';

/**
 * A function that returns true if an endpoint is to be registered at its route.
 *
 * @param isDefined true if the application defines the route itself
 * @throws {MonitoringOptionsError} if the application defines it and an option sets the path
 */
export type Claim = (mounted: MountedEndpoint, isDefined: boolean) => boolean;

/**
 * A function that returns the reply to a request. It never rejects.
 *
 * @param args arguments of a handler of the framework
 */
export type Respond = (
  endpoint: Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
  args: readonly unknown[],
) => Promise<EndpointReply>;
