import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Endpoint } from './endpoint.js';
import { watchResponse } from './response-watch.js';
import { type MountedEndpoint, methodOf, RouteTable } from './route-table.js';
import { sendReply } from './send-reply.js';
import type { Claim, Respond } from './mount.js';

interface ExpressLayer {
  readonly route?: { path: unknown; methods: Readonly<Record<string, boolean>> };
  match(path: string): unknown;
}

type Next = (error?: unknown) => void;

/** The part of an Express application that is used. */
export interface ExpressLike {
  use(layer: (request: IncomingMessage, response: ServerResponse, next: Next) => void): void;
  readonly router: { readonly stack: ExpressLayer[] };
}

/** The mount of the endpoints on Express. */
export class ExpressMount {
  /** Index of the first layer of the application, after those of `main.ts` and the body parsers. */
  private firstLayer = 0;

  constructor(private readonly express: ExpressLike) {}

  /** Notes the existing layers before the application adds its middleware and routes. */
  beforeRoutes(): void {
    this.firstLayer = this.layers().length;
  }

  /**
   * Adds the endpoints as a single layer, since each layer costs every request that passes it. For the same reason it
   * comes after all routes, except those that would match the paths of the endpoints.
   */
  mount(endpoints: readonly MountedEndpoint[], claim: Claim, respond: Respond): void {
    const layers = this.layers();
    const table = new RouteTable();
    for (const mounted of endpoints) {
      const method = methodOf(mounted.endpoint).toLowerCase();
      const isDefined = layers.some(
        (layer) => layer.route?.methods[method] && isFixed(layer.route.path) && layer.match(mounted.route),
      );
      if (claim(mounted, isDefined)) table.add(mounted);
    }
    this.express.use((request, response, next) => {
      const endpoint = table.find(request.method, request.url);
      if (endpoint === undefined) {
        next();
        return;
      }
      const handle = async (): Promise<void> => {
        try {
          await replyOnExpress(endpoint, request, response, [request, response, next], respond);
        } catch (error) {
          // Middleware that wraps the response may throw.
          next(error);
        }
      };
      void handle();
    });
    const ours = layers.splice(-1);
    const firstMatch = layers.findIndex(
      (layer, i) => i >= this.firstLayer && table.routes().some((path) => Boolean(layer.match(path))),
    );
    layers.splice(firstMatch < 0 ? layers.length : firstMatch, 0, ...ours);
  }

  private layers(): ExpressLayer[] {
    return this.express.router.stack;
  }
}

/** Sends the reply of an endpoint, unless a guard sends the response itself. */
export async function replyOnExpress(
  endpoint: Endpoint,
  request: IncomingMessage,
  response: ServerResponse,
  args: readonly unknown[],
  respond: Respond,
): Promise<void> {
  const isSent = watchResponse(response, 'end');
  const reply = await respond(endpoint, request, response, args);
  if (!isSent()) sendReply(response, reply);
}

/** Returns true if a path of Express, or every path of an array, has no parameter and no wildcard. */
function isFixed(path: unknown): boolean {
  if (Array.isArray(path)) return path.every(isFixed);
  return typeof path === 'string' && !/[:*{]/.test(path);
}
