import type { IncomingMessage, ServerResponse } from 'node:http';

/** The part of a Fastify reply that is used. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  readonly request: FastifyRequestLike & { readonly raw: IncomingMessage };
  getHeader(name: string): unknown;
}

/** The part of a Fastify request that is used. */
export interface FastifyRequestLike {
  readonly routeOptions?: { readonly url?: string | undefined };
  readonly [context: symbol]: unknown;
}

/** The description of the symbol under which Fastify keeps the route of a request. */
const CONTEXT = 'fastify.context';

/** The key for a version of Fastify that keeps its routes elsewhere. */
const NO_CONTEXT = Symbol('monitoring.no-context');

/**
 * The templates of the routes of a Fastify application, each read once: `routeOptions` builds a new object at each access.
 */
export class FastifyRoutes {
  private readonly templates = new WeakMap<object, string>();
  private contextKey: symbol | undefined;

  /** Returns the template of the route that served a request, such as `/users/:id`; empty if none did. */
  templateOf(request: FastifyRequestLike): string {
    this.contextKey ??= contextKeyOf(request);
    const context = request[this.contextKey];
    if (typeof context !== 'object' || context === null) return readTemplate(request);
    let template = this.templates.get(context);
    if (template === undefined) {
      template = readTemplate(request);
      this.templates.set(context, template);
    }
    return template;
  }
}

function contextKeyOf(request: FastifyRequestLike): symbol {
  return Object.getOwnPropertySymbols(request).find(isContext) ?? NO_CONTEXT;
}

function isContext({ description }: symbol): boolean {
  return description === CONTEXT;
}

function readTemplate({ routeOptions }: FastifyRequestLike): string {
  return routeOptions?.url ?? '';
}
