import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Counter, Histogram, Registry } from 'prom-client';
import { finalize, type Observable } from 'rxjs';

interface AnyRequest {
  readonly method: string;
  readonly route?: { readonly path: string };
  readonly routeOptions?: { readonly url: string };
}

/** Request metrics as applications on prom-client usually write them by hand. */
export class PromInterceptor implements NestInterceptor {
  private readonly registry = new Registry();
  private readonly requests = new Counter({
    name: 'http_requests_total',
    help: 'HTTP requests.',
    labelNames: ['method', 'route', 'status_code'],
    registers: [this.registry],
  });
  private readonly seconds = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests.',
    labelNames: ['method', 'route', 'status_code'],
    registers: [this.registry],
  });

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<AnyRequest>();
    const stop = this.seconds.startTimer();
    return next.handle().pipe(
      finalize(() => {
        const labels = {
          method: request.method,
          route: request.route?.path ?? request.routeOptions?.url ?? '',
          status_code: http.getResponse<{ statusCode: number }>().statusCode,
        };
        this.requests.inc(labels);
        stop(labels);
      }),
    );
  }
}
