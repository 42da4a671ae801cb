import type { IncomingMessage, ServerResponse } from 'node:http';
import { Logger, NotFoundException } from '@nestjs/common';
import type { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import type { Endpoint } from './endpoint.js';
import type { EndpointAuthorizer } from './endpoint.authorizer.js';
import { type AuthFailureHandling, EndpointResponder } from './endpoint.responder.js';
import type { ControllerName } from './endpoints.options.js';
import { ExpressMount, type ExpressLike, replyOnExpress } from './express.mount.js';
import {
  type FastifyAdapterLike,
  type FastifyReplyLike,
  type FastifyRequestLike,
  mountOnFastify,
  replyOnFastify,
} from './fastify.mount.js';
import { MonitoringOptionsError } from '../options/option-checks.js';
import type { EndpointsListenOptions, MonitoringServer } from './monitoring.server.js';
import type { Claim, Respond } from './mount.js';
import { type MountedEndpoint, methodOf } from './route-table.js';
import { SafeLogger } from '../primitives/safe-logger.js';

/** The location of the endpoints. */
export interface EndpointLocation {
  readonly useGlobalPrefix: boolean;
  /** Address of a separate server; undefined to use the server of the application. */
  readonly listen: EndpointsListenOptions | undefined;
}

/** The endpoints, by the way in which requests reach them. */
export interface RoutedEndpoints {
  /** Endpoints that are registered outside of the router of Nest. */
  readonly mounted: readonly Endpoint[];
  /** Returns the endpoint of a controller; undefined if monitoring is off, or the health checks that it needs are. */
  readonly ofController: (name: ControllerName) => Endpoint | undefined;
}

/**
 * The registration of the endpoints on the HTTP adapter of the application or on a separate server. Global guards,
 * pipes, interceptors and prefixes of the application do not apply to them. They apply to controllers, which hand their
 * requests to {@link EndpointRouter.handle}.
 */
export class EndpointRouter {
  private readonly logger = new SafeLogger(new Logger('Monitoring'));
  private readonly responder: EndpointResponder;
  private onExpress: ExpressMount | undefined;
  private isMounted = false;
  /** Endpoints that are not registered, because the application defines their route. */
  private readonly declined = new Set<Endpoint>();

  /** @param onRequest called with the response of each request that the server of the application received */
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly config: ApplicationConfig,
    private readonly authorizer: EndpointAuthorizer,
    private readonly server: MonitoringServer,
    private readonly routed: RoutedEndpoints,
    private readonly location: EndpointLocation,
    authFailures: AuthFailureHandling,
    private readonly onRequest: (response: ServerResponse) => void,
  ) {
    this.responder = new EndpointResponder(authorizer, authFailures, this.logger);
  }

  /** The endpoints that are registered outside of the router of Nest. */
  get endpoints(): readonly Endpoint[] {
    return this.routed.mounted;
  }

  /** Prepares the mount before the application adds its middleware and routes. */
  beforeRoutes(): void {
    if (this.host.httpAdapter?.getType() !== 'express') return;
    this.onExpress = new ExpressMount(this.host.httpAdapter.getInstance<ExpressLike>());
    this.onExpress.beforeRoutes();
  }

  /**
   * Registers the endpoints. A route of the application takes precedence over an endpoint at its default path.
   *
   * @throws {MonitoringOptionsError} if the application already defines a route whose path an option sets
   * @throws {MonitoringOptionsError} if the separate server cannot listen
   */
  async mount(): Promise<void> {
    const endpoints = this.endpoints.map((endpoint) => ({ endpoint, route: this.routeOf(endpoint) }));
    const { listen } = this.location;
    if (listen === undefined) this.mountOnApplication(endpoints);
    await this.authorizer.prepare();
    if (listen === undefined || endpoints.length === 0) return;
    const respond: Respond = (endpoint, request, _response, args) =>
      this.responder.respond(endpoint, request, args);
    await this.server.start(listen, endpoints, respond);
  }

  /**
   * Handles a request that a controller received.
   *
   * @param request request of the framework
   * @param response response of the framework
   * @throws {NotFoundException} if monitoring is off, or with `health: false` its endpoint, as for a route that does not exist
   */
  async handle(name: ControllerName, request: unknown, response: unknown): Promise<void> {
    const endpoint = this.routed.ofController(name);
    const { httpAdapter } = this.host;
    if (endpoint === undefined) {
      const method = httpAdapter.getRequestMethod(request) as string;
      throw new NotFoundException(`Cannot ${method} ${httpAdapter.getRequestUrl(request) as string}`);
    }
    if (httpAdapter.getType() === 'fastify') {
      await replyOnFastify(
        endpoint,
        request as FastifyRequestLike,
        response as FastifyReplyLike,
        this.respond,
      );
      return;
    }
    const args = [request, response];
    await replyOnExpress(
      endpoint,
      request as IncomingMessage,
      response as ServerResponse,
      args,
      this.respond,
    );
  }

  /** Returns the URL, or the path on the server of the application, of the main endpoint of each option. */
  addresses(): string[] {
    const hasServer = this.server.url !== undefined || this.isMounted;
    const served = hasServer ? this.endpoints.filter((endpoint) => !this.declined.has(endpoint)) : [];
    const main = served.filter(
      ({ option }, i) => served.findIndex((endpoint) => endpoint.option === option) === i,
    );
    return main.map((endpoint) => `${this.server.url ?? ''}${this.routeOf(endpoint)}`);
  }

  /** Stops the separate server. It is the last step of the end, so that probes and a last scrape are answered until then. */
  async close(): Promise<void> {
    await this.server.stop();
  }

  private mountOnApplication(endpoints: readonly MountedEndpoint[]): void {
    if (endpoints.length === 0) return;
    const { httpAdapter } = this.host;
    const isFastify = httpAdapter?.getType() === 'fastify';
    this.onExpress?.mount(endpoints, this.claim, this.respond);
    this.isMounted = this.onExpress !== undefined || isFastify;
    if (isFastify) {
      mountOnFastify(httpAdapter as FastifyAdapterLike, endpoints, this.claim, this.respond);
    }
  }

  private readonly respond: Respond = (endpoint, request, response, args) => {
    this.onRequest(response);
    return this.responder.respond(endpoint, request, args);
  };

  private readonly claim: Claim = ({ endpoint, route }, isDefined) => {
    if (!isDefined) return true;
    const problem = `${methodOf(endpoint)} ${route} is already defined by the application`;
    const advice = `Set \`endpoints.${endpoint.option}\` to another path or to false.`;
    if (!endpoint.overridable) throw new MonitoringOptionsError(`${problem}. ${advice}`);
    this.declined.add(endpoint);
    this.logger.warn(`${problem}; keeping it. ${advice}`);
    return false;
  };

  private routeOf(endpoint: Endpoint): string {
    const prefix = this.location.useGlobalPrefix ? this.config.getGlobalPrefix() : '';
    const parts = `${prefix}/${endpoint.path}`.split('/').filter((part) => part !== '');
    return parts.map((part) => `/${part}`).join('');
  }
}
