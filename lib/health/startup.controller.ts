import { Controller, Get, Req, Res } from '@nestjs/common';
import { DescribedResponses } from '../http/described-responses.decorator.js';
import { EndpointController } from '../http/endpoint.controller.js';
import { DEFAULT_PATHS } from '../http/endpoints.options.js';

/** The controller of the startup probe, `GET /startup`. */
@Controller(DEFAULT_PATHS.startup)
export class StartupController extends EndpointController {
  /** Sends the result of the start-up. */
  @Get()
  @DescribedResponses({
    200: 'The application has started.',
    503: 'The application is starting, or a check of the startup group has not succeeded yet.',
  })
  get(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    return this.serve('startup', request, response);
  }
}
