import type { IncomingMessage } from 'node:http';
import type { AuthFailures } from './auth-failures.js';
import { type Endpoint, type EndpointReply, type EndpointRequest, errorReply } from './endpoint.js';
import type { EndpointAuthorizer } from './endpoint.authorizer.js';
import { HttpExecutionContext } from './http-execution-context.js';
import { BadRequestBody, jsonBodyOf } from './request-body.js';
import { messageOf } from '../primitives/error-message.js';
import { isError } from '../primitives/is-error.js';

/** The handling of failed authentications. */
export interface AuthFailureHandling {
  /** Counter of failures; undefined if they are not limited. */
  readonly failures: AuthFailures | undefined;
  /** Called for each failure. */
  readonly onFailure: (endpoint: Endpoint) => void;
}

/** A logger for failures of endpoints. */
export interface EndpointLogger {
  error(message: string, stack?: string): void;
}

/** The common handling of requests to endpoints: authorization, errors and replies, for every server. */
export class EndpointResponder {
  constructor(
    private readonly authorizer: EndpointAuthorizer,
    private readonly authFailures: AuthFailureHandling,
    private readonly logger: EndpointLogger,
  ) {}

  /**
   * Returns the reply to a request. Never rejects.
   *
   * @param args arguments of a handler of the framework: its request, its response and others
   */
  async respond(
    endpoint: Endpoint,
    incoming: IncomingMessage & { originalUrl?: string },
    args: readonly unknown[],
  ): Promise<EndpointReply> {
    const context = new HttpExecutionContext(args, endpoint);
    const { headers, socket } = incoming;
    const hasCredentials = headers.authorization !== undefined;
    const check = async (countsFailure: boolean): Promise<EndpointReply | undefined> => {
      const refusal = await this.authorizer.refusal(headers, context);
      return refusal && countsFailure ? this.countFailure(endpoint, socket.remoteAddress, refusal) : refusal;
    };
    // A request without credentials is not an attempt to guess them. A guard may read any part of the request.
    const refusal = (): Promise<EndpointReply | undefined> =>
      check(hasCredentials || this.authorizer.usesGuard);
    const url = incoming.originalUrl ?? incoming.url ?? '';
    // A query may contain question marks.
    const end = url.includes('?') ? url.indexOf('?') : url.length;
    const request: EndpointRequest = {
      headers,
      path: url.slice(0, end),
      remoteAddress: socket.remoteAddress,
      query: new URLSearchParams(url.slice(end + 1)),
      isAuthorized: async () => (await check(hasCredentials)) === undefined,
      refusal,
      json: () => jsonBodyOf(args[0]),
    };
    try {
      const refusalReply = endpoint.restricted ? await refusal() : undefined;
      return refusalReply ?? (await endpoint.handle(request));
    } catch (error) {
      if (error instanceof BadRequestBody) {
        return errorReply(400, error.message);
      }
      this.logger.error(
        `Endpoint /${endpoint.path} failed: ${messageOf(error)}`,
        isError(error) ? error.stack : undefined,
      );
      return { status: 500, headers: { 'content-type': 'text/plain' }, body: 'Internal Server Error' };
    }
  }

  private countFailure(
    endpoint: Endpoint,
    address: string | undefined,
    refusal: EndpointReply,
  ): EndpointReply {
    if (refusal.status !== 401 && refusal.status !== 403) return refusal;
    const { failures, onFailure } = this.authFailures;
    onFailure(endpoint);
    const seconds = failures?.add(address ?? '');
    if (seconds === undefined) return refusal;
    const message = `Too many failed authentications from this address; retry in ${seconds} s. Valid credentials are accepted at any time.`;
    const reply = errorReply(429, message);
    return { ...reply, headers: { ...refusal.headers, ...reply.headers, 'retry-after': String(seconds) } };
  }
}
