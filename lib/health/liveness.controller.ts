import { Controller, Get, Req, Res } from '@nestjs/common';
import { DescribedResponses } from '../http/described-responses.decorator.js';
import { EndpointController } from '../http/endpoint.controller.js';
import { DEFAULT_PATHS } from '../http/endpoints.options.js';

/** The controller of the liveness probe, `GET /alive`. */
@Controller(DEFAULT_PATHS.liveness)
export class LivenessController extends EndpointController {
  /** Sends the liveness of the process. */
  @Get()
  @DescribedResponses({
    200: 'The process responds.',
    503: 'A check of the liveness group fails.',
  })
  get(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    return this.serve('liveness', request, response);
  }
}
