import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { Endpoint, EndpointReply, EndpointRequest } from './endpoint.js';
import type { EndpointAuthorizer } from './endpoint.authorizer.js';
import { HttpExecutionContext } from './http-execution-context.js';

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): FastifyReplyLike;
  headers(values: Readonly<Record<string, unknown>>): FastifyReplyLike;
  send(body: Buffer): unknown;
}

interface FastifyLike {
  hasRoute(route: { url: string; method: string }): boolean;
}

interface ExpressLayer {
  readonly route?: { path: unknown; methods: { get?: boolean } };
  match(path: string): unknown;
}

interface ExpressLike {
  use(layer: (request: IncomingMessage, response: ServerResponse, next: () => void) => void): void;
  readonly router: { readonly stack: ExpressLayer[] };
}

/** An endpoint that is reachable. */
interface Mounted {
  readonly endpoint: Endpoint;
  readonly route: string;
}

/**
 * Makes endpoints reachable, directly on the HTTP adapter: global guards, pipes, interceptors and prefixes of the
 * application do not apply to them.
 */
export class EndpointRouter {
  private readonly logger = new Logger('Monitoring');
  private readonly mounted = new Map<string, Mounted>();
  /** Where the layers of the application begin on Express, behind those of `main.ts` and the body parsers. */
  private firstOfApplication = 0;

  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly authorizer: EndpointAuthorizer,
    private readonly endpoints: readonly Endpoint[],
    private readonly useGlobalPrefix: boolean,
    private readonly onRequest: (response: ServerResponse) => void,
  ) {}

  /** Takes note of what is there before the application adds its middleware and routes. */
  beforeRoutes(): void {
    if (this.host.httpAdapter?.getType() === 'express') this.firstOfApplication = this.expressLayers().length;
  }

  /**
   * Makes the endpoints reachable, where the application leaves room for them.
   *
   * @throws {Error} if the application has a route that an option claims
   */
  async mount(): Promise<void> {
    const type = this.host.httpAdapter?.getType();
    if (type === 'fastify') this.mountOnFastify();
    if (type === 'express' && this.endpoints.length > 0) this.mountOnExpress();
    await this.authorizer.prepare();
  }

  /**
   * As one layer, since every layer costs each request that passes it, and as late as can be for the same reason:
   * behind all routes, but before whatever of the application would take our paths.
   */
  private mountOnExpress(): void {
    const layers = this.expressLayers();
    const taken = new Set(layers.map(({ route }) => (route?.methods.get === true ? route.path : undefined)));
    for (const endpoint of this.endpoints) {
      const mounted: Mounted = { endpoint, route: this.routeOf(endpoint) };
      if (taken.has(mounted.route) && this.makesWay(mounted)) continue;
      this.mounted.set(mounted.route, mounted);
    }
    this.host.httpAdapter.getInstance<ExpressLike>().use((request, response, next) => {
      const mounted = this.findMounted(request);
      if (mounted === undefined) next();
      else void this.serve(mounted.endpoint, request, response, [request, response, next]);
    });
    const ours = layers.splice(-1);
    const paths = [...this.mounted.keys()];
    const rival = layers.findIndex(
      (layer, i) => i >= this.firstOfApplication && paths.some((path) => Boolean(layer.match(path))),
    );
    layers.splice(rival < 0 ? layers.length : rival, 0, ...ours);
  }

  private expressLayers(): ExpressLayer[] {
    return this.host.httpAdapter.getInstance<ExpressLike>().router.stack;
  }

  private findMounted({ method, url = '' }: IncomingMessage): Mounted | undefined {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    return this.mounted.get(path) ?? (path.endsWith('/') ? this.mounted.get(path.slice(0, -1)) : undefined);
  }

  private mountOnFastify(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyLike>();
    for (const endpoint of this.endpoints) {
      const mounted: Mounted = { endpoint, route: this.routeOf(endpoint) };
      if (fastify.hasRoute({ url: mounted.route, method: 'GET' }) && this.makesWay(mounted)) continue;
      this.host.httpAdapter.get(mounted.route, (request: unknown, reply: unknown) =>
        this.serve(endpoint, request, reply, [request, reply]),
      );
    }
  }

  private routeOf(endpoint: Endpoint): string {
    const prefix = this.useGlobalPrefix ? this.config.getGlobalPrefix() : '';
    return [prefix, endpoint.path]
      .map((part) => part.replace(/^\/+|\/+$/g, ''))
      .filter((part) => part !== '')
      .reduce((route, part) => `${route}/${part}`, '');
  }

  private async serve(
    endpoint: Endpoint,
    request: unknown,
    response: unknown,
    args: readonly unknown[],
  ): Promise<void> {
    const incoming = rawOf<IncomingMessage>(request);
    this.onRequest(rawOf(response));
    const context = new HttpExecutionContext(args, endpoint);
    const refusal = (): Promise<EndpointReply | undefined> =>
      this.authorizer.refusal(incoming.headers, context);
    try {
      const refused = endpoint.restricted ? await refusal() : undefined;
      const isAuthorized = async (): Promise<boolean> => (await refusal()) === undefined;
      send(response, refused ?? (await endpoint.handle(requestOf(incoming, isAuthorized))));
    } catch (error) {
      this.logger.error(`${endpoint.path} failed`, error instanceof Error ? error.stack : String(error));
      send(response, {
        status: 500,
        headers: { 'content-type': 'text/plain' },
        body: 'Internal Server Error',
      });
    }
  }

  private makesWay({ endpoint, route }: Mounted): true {
    const advice = `Set endpoints.${endpoint.option} to another path, or to false.`;
    if (!endpoint.yields) {
      throw new Error(`GET ${route} is a route of the application already. ${advice}`);
    }
    this.logger.warn(`GET ${route} is a route of the application and stays so. ${advice}`);
    return true;
  }
}

function requestOf(
  request: IncomingMessage & { originalUrl?: string },
  isAuthorized: () => Promise<boolean>,
): EndpointRequest {
  const [path = '', query] = (request.originalUrl ?? request.url ?? '').split('?', 2);
  return { headers: request.headers, path, query: new URLSearchParams(query), isAuthorized };
}

/** The request or response of Node under that of the framework. */
function rawOf<T>(wrapped: unknown): T {
  return (wrapped as { raw?: T }).raw ?? (wrapped as T);
}

function send(response: unknown, reply: EndpointReply): void {
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const headers = {
    'cache-control': 'no-store',
    ...reply.headers,
    'content-length': String(body.byteLength),
  };
  if ('send' in (response as object) && 'raw' in (response as object)) {
    (response as FastifyReplyLike).code(reply.status).headers(headers).send(body);
    return;
  }
  // Not Express's own send(): it would hash every answer for an ETag.
  (response as ServerResponse).writeHead(reply.status, headers).end(body);
}
