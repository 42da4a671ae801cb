import type { IncomingMessage } from 'node:http';
import type { AuthFailures } from './auth-failures.js';
import { type Endpoint, type EndpointReply, type EndpointRequest, jsonReply } from './endpoint.js';
import type { EndpointAuthorizer } from './endpoint.authorizer.js';
import { HttpExecutionContext } from './http-execution-context.js';
import { BadRequestBody, jsonBodyOf } from './request-body.js';

/** What happens to credentials that were refused. */
export interface FailedAuth {
  /** Undefined where nobody is told to wait. */
  readonly failures: AuthFailures | undefined;
  readonly onFailure: (endpoint: Endpoint) => void;
}

/** Where complaints go. */
export interface EndpointLogger {
  error(message: string, stack?: string): void;
}

/** Finds the answer to a request for an endpoint, for those only who may have it, whichever server it came by. */
export class EndpointResponder {
  constructor(
    private readonly authorizer: EndpointAuthorizer,
    private readonly failedAuth: FailedAuth,
    private readonly logger: EndpointLogger,
  ) {}

  /**
   * Never rejects.
   *
   * @param args the request of the framework, its response, and what else its handlers are given
   */
  async answer(
    endpoint: Endpoint,
    incoming: IncomingMessage & { originalUrl?: string },
    args: readonly unknown[],
  ): Promise<EndpointReply> {
    const context = new HttpExecutionContext(args, endpoint);
    const { headers, socket } = incoming;
    const isShown = headers.authorization !== undefined;
    const check = async (isFailure: boolean): Promise<EndpointReply | undefined> => {
      const refused = await this.authorizer.refusal(headers, context);
      return refused && isFailure ? this.failed(endpoint, socket.remoteAddress, refused) : refused;
    };
    // Who shows nothing guesses nothing. What a guard looks at is not known: whoever it keeps out has failed.
    const refusal = (): Promise<EndpointReply | undefined> => check(isShown || this.authorizer.asksGuard);
    const [path = '', query] = (incoming.originalUrl ?? incoming.url ?? '').split('?', 2);
    const request: EndpointRequest = {
      headers,
      path,
      query: new URLSearchParams(query),
      isAuthorized: async () => (await check(isShown)) === undefined,
      refusal,
      json: () => jsonBodyOf(args[0]),
    };
    try {
      const refused = endpoint.restricted ? await refusal() : undefined;
      return refused ?? (await endpoint.handle(request));
    } catch (error) {
      if (error instanceof BadRequestBody) {
        return jsonReply(400, { statusCode: 400, message: error.message });
      }
      this.logger.error(`${endpoint.path} failed`, error instanceof Error ? error.stack : String(error));
      return { status: 500, headers: { 'content-type': 'text/plain' }, body: 'Internal Server Error' };
    }
  }

  private failed(endpoint: Endpoint, address: string | undefined, refused: EndpointReply): EndpointReply {
    if (refused.status !== 401 && refused.status !== 403) return refused;
    const { failures, onFailure } = this.failedAuth;
    onFailure(endpoint);
    const seconds = failures?.add(address ?? '');
    if (seconds === undefined) return refused;
    const message = `Too many wrong credentials. The right ones pass at any time, others again in ${seconds} s.`;
    const reply = jsonReply(429, { statusCode: 429, message });
    return { ...reply, headers: { ...refused.headers, ...reply.headers, 'retry-after': String(seconds) } };
  }
}
