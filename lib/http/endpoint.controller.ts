import { Inject } from '@nestjs/common';
import { EndpointRouter } from './endpoint.router.js';
import type { ControllerName } from './endpoints.options.js';

/**
 * The base of the controllers of the endpoints. The router is injected into a property, so that a subclass may have any
 * constructor.
 */
export abstract class EndpointController {
  @Inject(EndpointRouter) private readonly endpointRouter!: EndpointRouter;

  /** Sends the reply of an endpoint, the same one as without controllers. */
  protected serve(name: ControllerName, request: unknown, response: unknown): Promise<void> {
    return this.endpointRouter.handle(name, request, response);
  }
}
