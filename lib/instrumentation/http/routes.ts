import type { ServerResponse } from 'node:http';
import { ExpressRoutes } from './express-routes.js';
import { UNMATCHED_ROUTE } from '../../metrics/label-values.js';
import { FastifyRoutes } from './fastify-routes.js';
import type { RequestObservation } from './request-observation.js';

/** The templates of the routes of an application, such as `/users/:id`. */
export class Routes {
  readonly express = new ExpressRoutes();
  private readonly fastify = new FastifyRoutes();

  /**
   * Returns the template of the route that served a request. It is never a raw URL, which would let clients create series.
   * Call it once the response has ended.
   */
  templateOf(response: ServerResponse, { unmatched, request, reply }: RequestObservation): string {
    if (unmatched) return UNMATCHED_ROUTE;
    const template =
      reply === undefined
        ? this.express.templateOf(request ?? response.req)
        : this.fastify.templateOf(reply.request);
    return template || UNMATCHED_ROUTE;
  }
}
