import { parseRetryAfter } from '../../primitives/retry-after.js';
import { halvesOf } from '../push/batches.js';
import { loadPeerDependency } from '../push/peer-dependency.js';
import type { MetricsInterval } from '../push/metrics-interval.js';
import { type PushDestination, PushError, type PushRequest } from '../push/push-destination.js';
import { RejectedPoints } from '../push/partial-success.js';
import { BoundedResponse, type CommandMiddleware } from './bounded-response.js';
import {
  type MetricDataOptions,
  metricDataRequests,
  type MetricDatum,
  metricDataRequest,
} from './metric-data.js';
import { type ProxyAgents, proxyAgents } from './proxy-agents.js';

/** The part of a `CloudWatchClient` that is used. */
export interface CloudWatchClientLike {
  // `never`, since the type of the SDK's commands cannot be expressed without the SDK.
  /** Runs a `PutMetricDataCommand`. */
  send(command: never, options: { readonly abortSignal: AbortSignal }): Promise<unknown>;
  /** Closes the connections; called only for a client that this library created. */
  destroy?(): void;
}

/** The part of `@aws-sdk/client-cloudwatch` that is used. */
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

/** Names of errors for requests that will never be accepted. */
const INVALID =
  /^(Validation|InvalidParameter|InvalidFormat|MissingRequiredParameter|MissingParameter|Serialization)/;
/** Names of errors for invalid credentials, as opposed to expired ones. They are read once, so only a restart helps. */
const WRONG_CREDENTIALS = /^(InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSignature)/;

/** Amazon CloudWatch as a destination of pushes, by the AWS SDK. */
export class CloudWatchDestination implements PushDestination {
  readonly name = 'cloudwatch';
  /** CloudWatch accepts data up to two weeks old; an hour is left for the request. */
  readonly maxAgeMs = 14 * DAY_MS - 60 * 60 * 1_000;

  private sdk: CloudWatchSdk | undefined;
  /** Client that was created here and is destroyed here. */
  private ownClient: CloudWatchClientLike | undefined;

  constructor(
    private readonly options: MetricDataOptions & { readonly region?: string },
    private readonly givenClient?: CloudWatchClientLike,
  ) {}

  encode(interval: MetricsInterval): readonly PushRequest[] {
    return metricDataRequests(interval, this.options);
  }

  async open(): Promise<void> {
    await this.connect();
  }

  async close(): Promise<void> {
    this.ownClient?.destroy?.();
    this.ownClient = undefined;
  }

  async send(request: PushRequest, signal: AbortSignal): Promise<void | readonly PushRequest[]> {
    if (request instanceof RejectedPoints) throw request.asError();
    const { sdk, client } = await this.connect();
    const data = request.payload as readonly MetricDatum[];
    const command = new sdk.PutMetricDataCommand({
      Namespace: this.options.namespace,
      MetricData: data,
    });
    const response = new BoundedResponse(signal);
    response.bind(command.middlewareStack);
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
    return halvesOf(data).map((half) => metricDataRequest(half, bytes / 2));
  }

  private async connect(): Promise<{ readonly sdk: CloudWatchSdk; readonly client: CloudWatchClientLike }> {
    const sdk = (this.sdk ??= await loadPeerDependency<CloudWatchSdk>(SDK, 'The CloudWatch exporter'));
    const client = this.givenClient ?? (this.ownClient ??= await createClient(sdk, this.options.region));
    return { sdk, client };
  }
}

async function createClient(sdk: CloudWatchSdk, region: string | undefined): Promise<CloudWatchClientLike> {
  const requestHandler = proxyAgents();
  const client = new sdk.CloudWatchClient({
    ...(region !== undefined && { region }),
    ...(requestHandler !== undefined && { requestHandler }),
    // The exporter retries, since it knows the time limits.
    maxAttempts: 1,
  });
  await client.config.region().catch((error: unknown) => {
    throw new PushError(
      'The CloudWatch exporter has no region: set exporters.cloudWatch.region or AWS_REGION.',
      'stop',
      undefined,
      { cause: error },
    );
  });
  return client;
}

function asPushError(error: unknown): PushError {
  const { name = 'Error', message = '' } = (error ?? {}) as Partial<Error>;
  return new PushError(
    `CloudWatch: ${name}: ${message}`,
    remedyFor(name, statusOf(error)),
    retryAfterMs(error),
    { cause: error },
  );
}

/**
 * Returns the reaction to an error. Throttling and failures of the service or the network are temporary. So is a
 * missing permission, since a policy can be changed while the application runs. Expired credentials are renewed.
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
