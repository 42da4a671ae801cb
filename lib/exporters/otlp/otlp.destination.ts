import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { Acknowledgement, Refusal } from '../push/refusal.js';
import { remedyFor } from '../push/status-remedy.js';
import {
  metricsOf,
  type OtlpMetricsOptions,
  type OtlpPiece,
  otlpRequest,
  otlpRequests,
} from './otlp-metrics.js';
import type { OtlpAnswer, OtlpSender } from './otlp.sender.js';

const SCOPE = 'nestjs-monitoring';

/** An OpenTelemetry collector, or whatever else takes OTLP. */
export class OtlpDestination implements PushDestination {
  readonly name = 'otlp';

  private sender: OtlpSender | undefined;

  /** @param hideSecrets takes what must not be shown out of what the collector said */
  constructor(
    private readonly options: OtlpMetricsOptions & { readonly resource: Readonly<Record<string, string>> },
    private readonly makeSender: () => Promise<OtlpSender>,
    private readonly hideSecrets: (text: string) => string = (text) => text,
  ) {}

  encode(interval: MetricsInterval): readonly PushRequest[] {
    return otlpRequests(interval, this.options);
  }

  async open(): Promise<void> {
    this.sender ??= await this.makeSender();
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof Acknowledgement) return undefined;
    if (request instanceof Refusal) throw request.asError();
    await this.open();
    const pieces = request.payload as readonly OtlpPiece[];
    const answer = await this.sender!.send(
      {
        resource: { attributes: { ...this.options.resource } },
        scopeMetrics: [{ scope: { name: SCOPE }, metrics: metricsOf(pieces) }],
      },
      signal,
    );
    if (answer.status >= 200 && answer.status < 300) return this.takenExcept(request.points, answer);
    if (answer.status === 413 && pieces.length > 1) return this.split(request);
    throw this.errorOf(answer);
  }

  split({ payload }: PushRequest): readonly PushRequest[] {
    const pieces = (payload ?? []) as readonly OtlpPiece[];
    if (pieces.length < 2) return [];
    const middle = Math.ceil(pieces.length / 2);
    return [otlpRequest(pieces.slice(0, middle)), otlpRequest(pieces.slice(middle))];
  }

  /** What a collector rejected of a request that it took must not be sent again, so it is only counted. */
  private takenExcept(
    points: number,
    { rejectedPoints = 0, text }: OtlpAnswer,
  ): readonly PushRequest[] | undefined {
    if (rejectedPoints === 0) return undefined;
    const refusal = new Refusal(
      rejectedPoints,
      `The collector rejected ${rejectedPoints} of ${points} data points: ${this.hideSecrets(text)}`,
    );
    if (rejectedPoints >= points) throw refusal.asError();
    return [new Acknowledgement(points - rejectedPoints), refusal];
  }

  /** The specification would have 500 dropped, too; a collector that restarts says so in passing. */
  private errorOf({ status, text, retryAfterMs }: OtlpAnswer): PushError {
    const remedy = remedyFor(status);
    const advice = remedy === 'stop' ? ': are its URL and the headers right?' : '';
    return new PushError(
      `The collector answered ${status} ${this.hideSecrets(text)}${advice}`,
      remedy,
      retryAfterMs,
    );
  }
}
