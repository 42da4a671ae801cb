import { parseRetryAfter } from '../../primitives/retry-after.js';
import { loadPackage } from '../push/optional-package.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { Refusal } from '../push/refusal.js';
import { BoundedResponse, type CommandMiddleware } from './bounded-response.js';
import {
  type MetricDataOptions,
  metricDataRequests,
  type MetricDatum,
  metricDataRequest,
} from './metric-data.js';
import { type ProxyAgents, proxyAgents } from './proxy-agents.js';

/** What is used of a `CloudWatchClient`. */
export interface CloudWatchClientLike {
  // The commands of the SDK have more type parameters than can be said here.
  /** Runs a command, here `PutMetricDataCommand`. */
  send(command: never, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  /** Lets go of its connections; called for a client that this library has made. */
  destroy?(): void;
}

/** What is used of `@aws-sdk/client-cloudwatch`. */
interface CloudWatchSdk {
  readonly CloudWatchClient: new (options: {
    readonly region?: string;
    readonly maxAttempts: number;
    readonly requestHandler?: ProxyAgents;
  }) => CloudWatchClientLike & { readonly config: { region(): Promise<string> } };
  readonly PutMetricDataCommand: new (input: {
    readonly Namespace: string;
    readonly MetricData: readonly MetricDatum[];
  }) => { readonly middlewareStack: CommandMiddleware };
}

const SDK = '@aws-sdk/client-cloudwatch';
const DAY_MS = 24 * 60 * 60 * 1_000;

/** What will be refused however often it is sent. */
const INVALID =
  /^(Validation|InvalidParameter|InvalidFormat|MissingRequiredParameter|MissingParameter|Serialization)/;
/** Credentials that are wrong and not just old: they are read once, so only a restart brings others. */
const WRONG_CREDENTIALS = /^(InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature)/;

/** Amazon CloudWatch, by its SDK. */
export class CloudWatchDestination implements PushDestination {
  readonly name = 'cloudwatch';
  /** CloudWatch takes two weeks; an hour of them is for getting there. */
  readonly maxAgeMs = 14 * DAY_MS - 60 * 60 * 1_000;

  private sdk: CloudWatchSdk | undefined;
  private ownClient: CloudWatchClientLike | undefined;

  constructor(
    private readonly options: MetricDataOptions & { readonly region?: string },
    private readonly givenClient?: CloudWatchClientLike,
  ) {}

  encode(interval: MetricsInterval): readonly PushRequest[] {
    return metricDataRequests(interval, this.options);
  }

  async open(): Promise<void> {
    this.sdk ??= await loadPackage<CloudWatchSdk>(SDK, 'The CloudWatch exporter');
    if (this.givenClient !== undefined || this.ownClient !== undefined) return;
    const { region } = this.options;
    // What fails is sent again by the exporter, which knows how long it may take.
    const requestHandler = proxyAgents();
    const client = new this.sdk.CloudWatchClient({
      ...(region !== undefined && { region }),
      ...(requestHandler !== undefined && { requestHandler }),
      maxAttempts: 1,
    });
    await client.config.region().catch((error: unknown) => {
      throw new PushError(
        'The CloudWatch exporter does not know its region: set exporters.cloudWatch.region or AWS_REGION.',
        'stop',
        undefined,
        { cause: error },
      );
    });
    this.ownClient = client;
  }

  async close(): Promise<void> {
    this.ownClient?.destroy?.();
    this.ownClient = undefined;
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof Refusal) throw request.asError();
    await this.open();
    const data = request.payload as readonly MetricDatum[];
    const command = new this.sdk!.PutMetricDataCommand({
      Namespace: this.options.namespace,
      MetricData: data,
    });
    const response = new BoundedResponse(signal);
    response.bind(command.middlewareStack);
    const client = (this.givenClient ?? this.ownClient)!;
    try {
      await client.send(command as never, { abortSignal: signal });
    } catch (error) {
      if (response.isAcknowledged) return undefined;
      if (statusOf(error) === 413 && data.length > 1) return this.split(request);
      throw asPushError(error);
    }
    return undefined;
  }

  split({ payload, bytes }: PushRequest): readonly PushRequest[] {
    const data = (payload ?? []) as readonly MetricDatum[];
    if (data.length < 2) return [];
    const middle = Math.ceil(data.length / 2);
    return [data.slice(0, middle), data.slice(middle)].map((half) => metricDataRequest(half, bytes / 2));
  }
}

function asPushError(error: unknown): PushError {
  const { name = 'Error', message = '' } = (error ?? {}) as Partial<Error>;
  return new PushError(
    `CloudWatch: ${name}: ${message}`,
    remedyFor(name, statusOf(error)),
    retryAfterMs(error),
    {
      cause: error,
    },
  );
}

/**
 * Throttling, failures of the service and of the network pass. So does a missing permission: a policy may be changed
 * while the application runs, and takes a while to be in force. Expired credentials are fetched anew.
 */
function remedyFor(name: string, status: number | undefined): PushError['remedy'] {
  if (WRONG_CREDENTIALS.test(name)) return 'stop';
  return INVALID.test(name) || status === 413 ? 'drop' : 'retry';
}

interface SdkError {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
}

function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = (error ?? {}) as SdkError;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

function retryAfterMs(error: unknown): number | undefined {
  return parseRetryAfter((error as SdkError | null)?.$response?.headers?.['retry-after'], Date.now());
}
