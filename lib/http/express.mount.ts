import type { IncomingMessage, ServerResponse } from 'node:http';
import { watchAnswer } from './answer-watch.js';
import { type MountedEndpoint, methodOf, RouteTable } from './route-table.js';
import { sendReply } from './send-reply.js';
import type { Claim, Respond } from './mount.js';

interface ExpressLayer {
  readonly route?: { path: unknown; methods: Readonly<Record<string, boolean>> };
  match(path: string): unknown;
}

type Next = (error?: unknown) => void;

export interface ExpressLike {
  use(layer: (request: IncomingMessage, response: ServerResponse, next: Next) => void): void;
  readonly router: { readonly stack: ExpressLayer[] };
}

/** Makes endpoints reachable on Express. */
export class ExpressMount {
  /** Where the layers of the application begin, behind those of `main.ts` and the body parsers. */
  private firstOfApplication = 0;

  constructor(private readonly express: ExpressLike) {}

  /** Takes note of what is there before the application adds its middleware and routes. */
  beforeRoutes(): void {
    this.firstOfApplication = this.layers().length;
  }

  /**
   * As one layer, since every layer costs each request that passes it, and as late as can be for the same reason:
   * behind all routes, but before whatever of the application would take our paths.
   */
  mount(endpoints: readonly MountedEndpoint[], claim: Claim, respond: Respond): void {
    const layers = this.layers();
    const table = new RouteTable();
    for (const mounted of endpoints) {
      const method = methodOf(mounted.endpoint).toLowerCase();
      const isTaken = layers.some(
        (layer) => layer.route?.methods[method] && isFixed(layer.route.path) && layer.match(mounted.route),
      );
      if (claim(mounted, isTaken)) table.add(mounted);
    }
    this.express.use((request, response, next) => {
      const endpoint = table.find(request.method, request.url);
      if (endpoint === undefined) {
        next();
        return;
      }
      const isAnswered = watchAnswer(response, 'end');
      const answer = async (): Promise<void> => {
        try {
          const reply = await respond(endpoint, request, response, [request, response, next]);
          if (!isAnswered()) sendReply(response, reply);
        } catch (error) {
          // Middleware of the application takes part in the sending, and may throw.
          next(error);
        }
      };
      void answer();
    });
    const ours = layers.splice(-1);
    const rival = layers.findIndex(
      (layer, i) => i >= this.firstOfApplication && table.routes().some((path) => Boolean(layer.match(path))),
    );
    layers.splice(rival < 0 ? layers.length : rival, 0, ...ours);
  }

  private layers(): ExpressLayer[] {
    return this.express.router.stack;
  }
}

/** Whether a path of Express, or one of a list, has no parameter and no wildcard: it is meant for one URL. */
function isFixed(path: unknown): boolean {
  if (Array.isArray(path)) return path.every(isFixed);
  return typeof path === 'string' && !/[:*{]/.test(path);
}
