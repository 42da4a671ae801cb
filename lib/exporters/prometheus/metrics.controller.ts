import { Controller, Get, Req, Res } from '@nestjs/common';
import { DescribedResponses } from '../../http/described-responses.decorator.js';
import { EndpointController } from '../../http/endpoint.controller.js';
import { DEFAULT_PATHS } from '../../http/endpoints.options.js';

/** The controller of the metrics for Prometheus, `GET /metrics`. */
@Controller(DEFAULT_PATHS.metrics)
export class MetricsController extends EndpointController {
  /** Sends the metrics. */
  @Get()
  @DescribedResponses({
    200: 'The metrics in the text format of Prometheus, in OpenMetrics or in protobuf.',
  })
  get(@Req() request: unknown, @Res() response: unknown): Promise<void> {
    return this.serve('metrics', request, response);
  }
}
