import { Controller, Get, Req, Res } from '@nestjs/common';
import { DescribedResponses } from '../http/described-responses.decorator.js';
import { EndpointController } from '../http/endpoint.controller.js';
import { DEFAULT_PATHS } from '../http/endpoints.options.js';

/** The controller of the readiness probe, `GET /ready`. */
@Controller(DEFAULT_PATHS.readiness)
export class ReadinessController extends EndpointController {
  /** Sends the readiness of the application. */
  @Get()
  @DescribedResponses({
    200: 'The application can serve requests.',
    503: 'The application is starting or shutting down, or a critical check fails.',
  })
  get(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    return this.serve('readiness', request, response);
  }
}
