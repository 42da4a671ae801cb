import { halvesOf } from '../push/batches.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { AcceptedPoints, RejectedPoints } from '../push/partial-success.js';
import { remedyFor } from '../push/status-remedy.js';
import {
  metricsOf,
  type OtlpMetricsOptions,
  type OtlpPiece,
  otlpRequest,
  otlpRequests,
} from './otlp-metrics.js';
import type { OtlpResponse, OtlpSender } from './otlp.sender.js';

const SCOPE = 'nestjs-monitoring';

/** An OpenTelemetry collector, or another receiver of OTLP, as a destination of pushes. */
export class OtlpDestination implements PushDestination {
  readonly name = 'otlp';

  /** @param redact removes the secrets from a response */
  constructor(
    private readonly options: OtlpMetricsOptions & { readonly resource: Readonly<Record<string, string>> },
    private readonly sender: OtlpSender,
    private readonly redact: (text: string) => string = (text) => text,
  ) {}

  encode(interval: MetricsInterval): readonly PushRequest[] {
    return otlpRequests(interval, this.options);
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof AcceptedPoints) return undefined;
    if (request instanceof RejectedPoints) throw request.asError();
    const pieces = request.payload as readonly OtlpPiece[];
    const response = await this.sender.send(
      {
        resource: { attributes: { ...this.options.resource } },
        scopeMetrics: [{ scope: { name: SCOPE }, metrics: metricsOf(pieces) }],
      },
      signal,
    );
    if (response.status >= 200 && response.status < 300) return this.settledOf(request.points, response);
    if (response.status === 413 && pieces.length > 1) return this.split(request);
    throw this.errorOf(response);
  }

  split({ payload }: PushRequest): readonly PushRequest[] {
    const pieces = (payload ?? []) as readonly OtlpPiece[];
    if (pieces.length < 2) return [];
    return halvesOf(pieces).map(otlpRequest);
  }

  /** Returns the accepted and the rejected points of an accepted request. Rejected points must not be sent again. */
  private settledOf(
    points: number,
    { rejectedPoints = 0, text }: OtlpResponse,
  ): readonly PushRequest[] | undefined {
    if (rejectedPoints === 0) return undefined;
    // A collector may count what it made of the points.
    const count = Math.min(rejectedPoints, points);
    const rejected = new RejectedPoints(
      count,
      `The collector rejected ${count} of ${points} data points: ${this.redact(text)}`,
    );
    if (count === points) throw rejected.asError();
    return [new AcceptedPoints(points - count), rejected];
  }

  /** Returns the error of a response. Unlike in the specification, a 500 is retried: a restarting collector returns it. */
  private errorOf({ status, text, retryAfterMs }: OtlpResponse): PushError {
    const remedy = remedyFor(status);
    const advice = remedy === 'stop' ? '; check the options url and headers' : '';
    return new PushError(
      `The collector responded with ${status} ${this.redact(text)}${advice}`,
      remedy,
      retryAfterMs,
    );
  }
}
