import { StandardUnit } from '@aws-sdk/client-cloudwatch';
import { type Answer, type ReceivedRequest, RemoteServer } from '../remote.server.js';

/** A datum as it is on the wire. */
export interface ReceivedDatum {
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
  readonly Timestamp?: number;
  readonly Value?: number;
  readonly Values?: readonly number[];
  readonly Counts?: readonly number[];
  readonly StatisticValues?: Readonly<Record<'SampleCount' | 'Sum' | 'Minimum' | 'Maximum', number>>;
  readonly Unit?: string;
  readonly StorageResolution?: number;
}

const MAX_BYTES = 1_000_000;
const MAX_DATA = 1_000;
const HOUR_MS = 3_600_000;
const TARGET = 'GraniteServiceVersion20100801.PutMetricData';
/** Printable ASCII, and something else than blanks. */
const DIMENSION_TEXT = /^(?=.*[^ ])[ -~]+$/;
const NAMESPACE = /^[A-Za-z0-9._\-/#: ]+$/;

/**
 * CloudWatch as the SDK sees it. It refuses what the API reference of PutMetricData says it refuses, each time as
 * a whole, and adds up what it takes.
 */
export class CloudWatchServer extends RemoteServer {
  /** What was taken, in order. */
  readonly taken: ReceivedDatum[] = [];
  /** What of that was taken twice, since its sender did not know: CloudWatch adds it up. */
  readonly repeated: ReceivedDatum[] = [];
  /** What was refused and why. */
  readonly refusals: string[] = [];

  constructor(private readonly now: () => number = Date.now) {
    super();
  }

  protected override answerTo({ method, url, headers, body, content, repeated }: ReceivedRequest): Answer {
    if (method !== 'POST' || url !== '/') return this.refuse('InvalidAction', `${method} ${url}`);
    if (!/^AWS4-HMAC-SHA256 Credential=\S+\/monitoring\/aws4_request, /.test(headers.authorization ?? '')) {
      return this.refuse('MissingAuthenticationToken', 'the request is not signed', 403);
    }
    if (headers['content-type'] !== 'application/x-amz-json-1.0' || headers['x-amz-target'] !== TARGET) {
      return this.refuse('UnknownOperationException', JSON.stringify(headers));
    }
    if (Math.max(body.length, content.length) > MAX_BYTES) {
      return this.refuse('RequestEntityTooLarge', `${content.length} bytes`, 413);
    }
    const input = JSON.parse(content.toString()) as { Namespace: string; MetricData: ReceivedDatum[] };
    const complaint = complaintAbout(input.Namespace, input.MetricData, this.now());
    if (complaint !== undefined) return this.refuse('InvalidParameterValueException', complaint);
    this.taken.push(...input.MetricData);
    if (repeated) this.repeated.push(...input.MetricData);
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: '{}' };
  }

  /** An answer in the form in which the SDK reads errors. */
  static error(type: string, message = type, status = 400, headers: Record<string, string> = {}): Answer {
    return {
      status,
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': type, ...headers },
      body: JSON.stringify({ __type: type, message }),
    };
  }

  protected override refusalOfAll(): Answer {
    return CloudWatchServer.error('InvalidClientTokenId', 'no such key', 403);
  }

  protected override refusalOf(poison: string): Answer {
    return CloudWatchServer.error('InvalidParameterValueException', `${poison} is not taken`);
  }

  private refuse(type: string, message: string, status = 400): Answer {
    this.refusals.push(`${type}: ${message}`);
    return CloudWatchServer.error(type, message, status);
  }
}

/** What the documents say against it. */
export function complaintAbout(
  namespace: string,
  data: readonly ReceivedDatum[],
  now = Date.now(),
): string | undefined {
  return complaintsAbout(namespace, data, now).next().value as string | undefined;
}

function* complaintsAbout(namespace: string, data: readonly ReceivedDatum[], now: number): Generator<string> {
  if (!NAMESPACE.test(namespace) || namespace.length > 255) yield `Namespace ${namespace}`;
  if (namespace.startsWith(':') || namespace.startsWith('AWS/')) yield `Namespace ${namespace}`;
  if (!Array.isArray(data) || data.length === 0) yield 'MetricData is required';
  if (data.length > MAX_DATA) yield `${data.length} metrics`;
  for (const datum of data) yield* complaintsAboutDatum(datum, now);
}

function* complaintsAboutDatum(datum: ReceivedDatum, now: number): Generator<string> {
  const { MetricName, Dimensions = [], Timestamp, Unit, StorageResolution = 60 } = datum;
  if (typeof MetricName !== 'string' || MetricName.length < 1 || MetricName.length > 255) {
    yield `MetricName ${MetricName}`;
  }
  if (Dimensions.length > 30) yield `${Dimensions.length} dimensions`;
  if (new Set(Dimensions.map(({ Name }) => Name)).size < Dimensions.length) yield 'a dimension twice';
  for (const { Name, Value } of Dimensions) {
    if (!DIMENSION_TEXT.test(Name) || Name.length > 255 || Name.startsWith(':'))
      yield `dimension name ${Name}`;
    if (!DIMENSION_TEXT.test(Value) || Value.length > 1_024) yield `dimension value ${Value}`;
  }
  const age = now - (Timestamp ?? NaN) * 1_000;
  if (!(age <= 14 * 24 * HOUR_MS && age >= -2 * HOUR_MS)) yield `Timestamp ${Timestamp}`;
  if (!(Object.values(StandardUnit) as (string | undefined)[]).includes(Unit)) yield `Unit ${Unit}`;
  if (![1, 60].includes(StorageResolution)) yield `StorageResolution ${StorageResolution}`;
  yield* complaintsAboutNumbers(datum);
}

function* complaintsAboutNumbers({
  Value,
  Values,
  Counts,
  StatisticValues,
}: ReceivedDatum): Generator<string> {
  if ([Value, Values, StatisticValues].filter((told) => told !== undefined).length !== 1) {
    yield 'not exactly one of Value, Values and StatisticValues';
  }
  if (Values !== undefined) {
    if (Values.length === 0 || Values.length > 150) yield `${Values.length} values`;
    if (new Set(Values).size < Values.length) yield 'a value twice';
    if (Counts !== undefined && Counts.length !== Values.length) yield 'Counts of another length';
  } else if (Counts !== undefined) yield 'Counts without Values';
  const { SampleCount, Sum, Minimum, Maximum } = StatisticValues ?? {};
  if (StatisticValues !== undefined) {
    if (!((SampleCount ?? 0) > 0) || !((Minimum ?? NaN) <= (Maximum ?? NaN)) || Sum === undefined) {
      yield `StatisticValues ${JSON.stringify(StatisticValues)}`;
    }
  }
  const numbers = [Value ?? [], Values ?? [], Object.values(StatisticValues ?? {})].flat();
  for (const number of [...numbers, ...(Counts ?? [])]) {
    // The SDK writes NaN and the infinities as texts.
    const magnitude = typeof number === 'number' ? Math.abs(number) : NaN;
    const storable = magnitude === 0 || (magnitude >= 2 ** -360 && magnitude <= 2 ** 360);
    if (!storable) yield `the number ${number}`;
  }
  if (Counts?.some((count) => count < 0)) yield 'a negative count';
}
