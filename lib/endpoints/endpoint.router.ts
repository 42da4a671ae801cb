import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { type Endpoint, type EndpointReply, type EndpointRequest, jsonReply } from './endpoint.js';
import type { EndpointAuthorizer } from './endpoint.authorizer.js';
import { EventStream } from './event-stream.js';
import { HttpExecutionContext } from './http-execution-context.js';
import { BadRequestBody, jsonBodyOf } from './request-body.js';

interface FastifyReplyLike {
  readonly raw: ServerResponse;
  code(status: number): FastifyReplyLike;
  headers(values: Readonly<Record<string, unknown>>): FastifyReplyLike;
  send(body: Buffer): unknown;
  hijack(): unknown;
}

interface FastifyLike {
  hasRoute(route: { url: string; method: string }): boolean;
}

interface ExpressLayer {
  readonly route?: { path: unknown; methods: Readonly<Record<string, boolean>> };
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
    for (const endpoint of this.endpoints) {
      const mounted: Mounted = { endpoint, route: this.routeOf(endpoint) };
      const method = methodOf(endpoint).toLowerCase();
      const taken = layers.some(({ route }) => route?.path === mounted.route && route.methods[method]);
      if (taken && this.makesWay(mounted)) continue;
      this.mounted.set(`${methodOf(endpoint)} ${mounted.route}`, mounted);
    }
    this.host.httpAdapter.getInstance<ExpressLike>().use((request, response, next) => {
      const mounted = this.findMounted(request);
      if (mounted === undefined) next();
      else void this.serve(mounted.endpoint, request, response, [request, response, next]);
    });
    const ours = layers.splice(-1);
    const paths = [...this.mounted.values()].map(({ route }) => route);
    const rival = layers.findIndex(
      (layer, i) => i >= this.firstOfApplication && paths.some((path) => Boolean(layer.match(path))),
    );
    layers.splice(rival < 0 ? layers.length : rival, 0, ...ours);
  }

  private expressLayers(): ExpressLayer[] {
    return this.host.httpAdapter.getInstance<ExpressLike>().router.stack;
  }

  private findMounted({ method, url = '' }: IncomingMessage): Mounted | undefined {
    if (method !== 'GET' && method !== 'HEAD' && method !== 'POST') return undefined;
    const query = url.indexOf('?');
    const path = query < 0 ? url : url.slice(0, query);
    const key = `${method === 'POST' ? 'POST' : 'GET'} ${path}`;
    return this.mounted.get(key) ?? (key.endsWith('/') ? this.mounted.get(key.slice(0, -1)) : undefined);
  }

  private mountOnFastify(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyLike>();
    for (const endpoint of this.endpoints) {
      const mounted: Mounted = { endpoint, route: this.routeOf(endpoint) };
      const method = methodOf(endpoint);
      if (fastify.hasRoute({ url: mounted.route, method }) && this.makesWay(mounted)) continue;
      const handle = (request: unknown, reply: unknown): Promise<void> =>
        this.serve(endpoint, request, reply, [request, reply]);
      for (const url of [mounted.route, `${mounted.route}/`]) {
        // With `ignoreTrailingSlash`, the first is both.
        if (fastify.hasRoute({ url, method })) continue;
        if (method === 'POST') this.host.httpAdapter.post(url, handle);
        else this.host.httpAdapter.get(url, handle);
      }
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
      const json = (): Promise<unknown> => jsonBodyOf(request);
      send(
        response,
        refused ?? (await endpoint.handle({ ...requestOf(incoming), isAuthorized, refusal, json })),
      );
    } catch (error) {
      if (error instanceof BadRequestBody) {
        send(response, jsonReply(400, { statusCode: 400, message: error.message }));
        return;
      }
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
      throw new Error(`${methodOf(endpoint)} ${route} is a route of the application already. ${advice}`);
    }
    this.logger.warn(`${methodOf(endpoint)} ${route} is a route of the application and stays so. ${advice}`);
    return true;
  }
}

function methodOf({ method = 'GET' }: Endpoint): 'GET' | 'POST' {
  return method;
}

function requestOf(
  request: IncomingMessage & { originalUrl?: string },
): Pick<EndpointRequest, 'headers' | 'path' | 'query'> {
  const [path = '', query] = (request.originalUrl ?? request.url ?? '').split('?', 2);
  return { headers: request.headers, path, query: new URLSearchParams(query) };
}

/** The request or response of Node under that of the framework. */
function rawOf<T>(wrapped: unknown): T {
  return (wrapped as { raw?: T }).raw ?? (wrapped as T);
}

function send(response: unknown, reply: EndpointReply): void {
  if (reply.body instanceof EventStream) {
    if (isFastifyReply(response)) response.hijack();
    stream(rawOf<ServerResponse>(response), reply.status, reply.headers, reply.body);
    return;
  }
  const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body;
  const headers = {
    'cache-control': 'no-store',
    ...reply.headers,
    'content-length': String(body.byteLength),
  };
  if (isFastifyReply(response)) {
    response.code(reply.status).headers(headers).send(body);
    return;
  }
  // Not Express's own send(): it would hash every answer for an ETag.
  (response as ServerResponse).writeHead(reply.status, headers).end(body);
}

function isFastifyReply(response: unknown): response is FastifyReplyLike {
  return 'send' in (response as object) && 'raw' in (response as object);
}

function stream(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  events: EventStream,
): void {
  // Proxies hold back what they do not know to be a stream.
  response.writeHead(status, { 'cache-control': 'no-store', 'x-accel-buffering': 'no', ...headers });
  if (response.req.method === 'HEAD') response.end();
  else events.open(response);
}
