import type { ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { Endpoint } from './endpoint.js';
import type { EndpointAuthorizer } from './endpoint.authorizer.js';
import { EndpointResponder, type FailedAuth } from './endpoint.responder.js';
import { ExpressMount, type ExpressLike } from './express.mount.js';
import { type FastifyAdapterLike, mountOnFastify } from './fastify.mount.js';
import type { ListenOptions, MonitoringServer } from './monitoring.server.js';
import type { Claim, Respond } from './mount.js';
import { type MountedEndpoint, methodOf } from './route-table.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/** Where the endpoints are to be reachable. */
export interface EndpointPlace {
  readonly useGlobalPrefix: boolean;
  /** Apart from the application; undefined on its own server. */
  readonly listen: ListenOptions | undefined;
}

/**
 * Makes endpoints reachable, directly on the HTTP adapter or on a server of their own: global guards, pipes,
 * interceptors and prefixes of the application do not apply to them.
 */
export class EndpointRouter {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly responder: EndpointResponder;
  private onExpress: ExpressMount | undefined;

  /** @param onRequest is told of each request that came by the server of the application */
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly authorizer: EndpointAuthorizer,
    private readonly server: MonitoringServer,
    /** All that there are. */
    readonly endpoints: readonly Endpoint[],
    private readonly place: EndpointPlace,
    failedAuth: FailedAuth,
    private readonly onRequest: (response: ServerResponse) => void,
  ) {
    this.responder = new EndpointResponder(authorizer, failedAuth, this.logger);
  }

  /** Takes note of what is there before the application adds its middleware and routes. */
  beforeRoutes(): void {
    if (this.host.httpAdapter?.getType() !== 'express') return;
    this.onExpress = new ExpressMount(this.host.httpAdapter.getInstance<ExpressLike>());
    this.onExpress.beforeRoutes();
  }

  /**
   * Makes the endpoints reachable, where the application leaves room for them.
   *
   * @throws {Error} if the application has a route that an option claims
   * @throws {MonitoringOptionsError} if their own server cannot listen
   */
  async mount(): Promise<void> {
    if (this.endpoints.length === 0) return;
    const endpoints = this.endpoints.map((endpoint) => ({ endpoint, route: this.routeOf(endpoint) }));
    const { listen } = this.place;
    if (listen === undefined) this.mountOnApplication(endpoints);
    await this.authorizer.prepare();
    if (listen === undefined) return;
    const respond: Respond = (endpoint, request, _response, args) =>
      this.responder.answer(endpoint, request, args);
    await this.server.start(listen, endpoints, respond);
    this.logger.log(`The monitoring endpoints are on ${this.server.url}`);
  }

  /** The last thing of all, so that probes and a last scrape are answered until then. */
  async close(): Promise<void> {
    await this.server.stop();
  }

  private mountOnApplication(endpoints: readonly MountedEndpoint[]): void {
    const respond: Respond = (endpoint, request, response, args) => {
      this.onRequest(response);
      return this.responder.answer(endpoint, request, args);
    };
    this.onExpress?.mount(endpoints, this.claim, respond);
    if (this.host.httpAdapter?.getType() === 'fastify') {
      mountOnFastify(this.host.httpAdapter as FastifyAdapterLike, endpoints, this.claim, respond);
    }
  }

  private readonly claim: Claim = ({ endpoint, route }, isTaken) => {
    if (!isTaken) return true;
    const advice = `Set endpoints.${endpoint.option} to another path, or to false.`;
    if (!endpoint.yields) {
      throw new Error(`${methodOf(endpoint)} ${route} is a route of the application already. ${advice}`);
    }
    this.logger.warn(`${methodOf(endpoint)} ${route} is a route of the application and stays so. ${advice}`);
    return false;
  };

  private routeOf(endpoint: Endpoint): string {
    const prefix = this.place.useGlobalPrefix ? this.config.getGlobalPrefix() : '';
    const parts = `${prefix}/${endpoint.path}`.split('/').filter((part) => part !== '');
    return parts.map((part) => `/${part}`).join('');
  }
}
