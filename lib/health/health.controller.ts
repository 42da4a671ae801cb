import { Controller, Get, Req, Res } from '@nestjs/common';
import { DescribedResponses } from '../http/described-responses.decorator.js';
import { EndpointController } from '../http/endpoint.controller.js';
import { DEFAULT_PATHS } from '../http/endpoints.options.js';

/** The controller of the report of all health checks, `GET /health`. */
@Controller(DEFAULT_PATHS.health)
export class HealthController extends EndpointController {
  /** Sends the report. */
  @Get()
  @DescribedResponses({
    200: 'The application can serve requests.',
    503: 'A critical check fails, or the application is starting or shutting down.',
  })
  get(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    return this.serve('health', request, response);
  }
}
