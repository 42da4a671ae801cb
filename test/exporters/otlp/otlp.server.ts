import { ExportMetricsServiceRequest, ExportMetricsServiceResponse, type Json } from './otlp-decoder.js';
import { type Answer, type ReceivedRequest, RemoteServer } from '../remote.server.js';

/** A point as it was taken, whatever it is of. */
export interface TakenPoint {
  readonly metric: string;
  readonly unit: string;
  readonly kind: 'sum' | 'gauge' | 'histogram' | 'exponentialHistogram';
  readonly temporality?: 'delta' | 'cumulative';
  /** True for a sum that is not monotonic. */
  readonly upAndDown?: true;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** The attributes of what it was measured at. */
  readonly resource?: Readonly<Record<string, string | number>>;
  readonly startMs: number;
  readonly endMs: number;
  readonly value?: number;
  readonly count?: number;
  readonly sum?: number;
  readonly min?: number;
  readonly max?: number;
  readonly bounds?: readonly number[];
  readonly counts?: readonly number[];
  readonly scale?: number;
  readonly zeroCount?: number;
  readonly positive?: { readonly offset: number; readonly bucketCounts: readonly number[] };
  readonly exemplars?: readonly TakenExemplar[];
}

/** An exemplar of a point. */
export interface TakenExemplar {
  readonly value: number;
  readonly timeMs: number;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: Readonly<Record<string, string | number>>;
}

const MAX_BYTES = 4 * 1024 * 1024;
const TEMPORALITIES: Readonly<Record<string, 'delta' | 'cumulative'>> = {
  1: 'delta',
  2: 'cumulative',
  AGGREGATION_TEMPORALITY_DELTA: 'delta',
  AGGREGATION_TEMPORALITY_CUMULATIVE: 'cumulative',
};

/**
 * An OpenTelemetry collector that takes metrics by HTTP, in protobuf and in JSON, and refuses what breaks the data
 * model.
 */
export class OtlpServer extends RemoteServer {
  readonly taken: TakenPoint[] = [];
  /** The changes that were taken twice, since their sender did not know. */
  readonly repeated: TakenPoint[] = [];
  readonly resources: Record<string, string | number>[] = [];
  readonly refusals: string[] = [];
  /** What the next request has rejected of it, though the rest is taken. */
  rejection: { readonly rejectedDataPoints: number; readonly errorMessage: string } | undefined;

  protected override answerTo({ method, url, headers, content, repeated }: ReceivedRequest): Answer {
    if (method !== 'POST' || url !== '/v1/metrics') return this.refuse(404, `${method} ${url}`);
    if (content.length > MAX_BYTES) return this.refuse(413, `${content.length} bytes`);
    const type = headers['content-type'];
    const isJson = type === 'application/json';
    if (!isJson && type !== 'application/x-protobuf') return this.refuse(415, `Content-Type ${type}`);
    try {
      const request = isJson ? (JSON.parse(content.toString()) as Json) : decode(content);
      for (const { resource, points } of contentOf(request)) {
        for (const point of points) check(point);
        this.resources.push(resource);
        this.taken.push(...points.map((point) => ({ ...point, resource })));
        if (repeated) this.repeated.push(...points.filter(({ temporality }) => temporality === 'delta'));
      }
    } catch (error) {
      return this.refuse(400, (error as Error).message);
    }
    const partialSuccess = this.rejection ?? null;
    this.rejection = undefined;
    const answer = partialSuccess === null ? {} : { partialSuccess };
    const body = isJson
      ? JSON.stringify(answer)
      : Buffer.from(ExportMetricsServiceResponse.encode(answer).finish());
    return { status: 200, headers: { 'content-type': type }, body };
  }

  private refuse(status: number, message: string): Answer {
    this.refusals.push(`${status} ${message}`);
    return { status, body: message };
  }
}

function decode(content: Buffer): Json {
  const options = { longs: Number, arrays: true };
  return ExportMetricsServiceRequest.toObject(ExportMetricsServiceRequest.decode(content), options);
}

function* contentOf(request: Json) {
  for (const { resource, scopeMetrics } of request['resourceMetrics'] as Json[]) {
    const metrics = (scopeMetrics as Json[]).flatMap((scope) => scope['metrics'] as Json[]);
    yield { resource: attributesOf(resource as Json), points: metrics.flatMap(pointsOf) };
  }
}

function pointsOf(metric: Json): TakenPoint[] {
  const kinds = (['sum', 'gauge', 'histogram', 'exponentialHistogram'] as const).filter(
    (kind) => metric[kind],
  );
  expectThat(kinds.length === 1, `kinds ${kinds.join(' ')}`);
  const [kind] = kinds as [TakenPoint['kind']];
  const { dataPoints, aggregationTemporality, isMonotonic } = metric[kind] as Json;
  const temporality = TEMPORALITIES[String(aggregationTemporality)];
  expectThat(kind === 'gauge' || temporality !== undefined, 'temporality');
  // The change of a total that goes up and down needs its start, which no temporality of deltas has.
  expectThat(
    kind !== 'sum' || isMonotonic === true || temporality === 'cumulative',
    'a delta that is not monotonic',
  );
  return (dataPoints as Json[]).map((point) => ({
    metric: metric['name'] as string,
    unit: (metric['unit'] ?? '') as string,
    kind,
    ...(kind === 'sum' && isMonotonic !== true && { upAndDown: true }),
    ...(kind !== 'gauge' && temporality && { temporality }),
    attributes: attributesOf(point),
    startMs: Number(point['startTimeUnixNano']) / 1e6,
    endMs: Number(point['timeUnixNano']) / 1e6,
    ...numbersOf(point, kind),
    ...exemplarsOf(point, kind),
  }));
}

function exemplarsOf(point: Json, kind: TakenPoint['kind']): Pick<TakenPoint, 'exemplars'> {
  const exemplars = (point['exemplars'] ?? []) as Json[];
  if (exemplars.length === 0) return {};
  expectThat(kind !== 'gauge', 'exemplars of a gauge');
  return {
    exemplars: exemplars.map((exemplar) => ({
      value: Number(exemplar['asDouble']),
      timeMs: Number(exemplar['timeUnixNano']) / 1e6,
      ...idOf('traceId', exemplar, 16),
      ...idOf('spanId', exemplar, 8),
      attributes: attributesOf({ attributes: exemplar['filteredAttributes'] ?? [] }),
    })),
  };
}

/** Reads an id: bytes in protobuf, hexadecimal in JSON. A collector refuses the whole request for one of another length. */
function idOf(name: 'traceId' | 'spanId', exemplar: Json, bytes: number): Partial<TakenExemplar> {
  const id = (exemplar[name] ?? '') as Uint8Array | string;
  if (id.length === 0) return {};
  const hex = typeof id === 'string' ? id : Buffer.from(id).toString('hex');
  expectThat(/^[\da-f]+$/.test(hex) && hex.length === 2 * bytes, `${name} ${hex}`);
  expectThat(!/^0+$/.test(hex), `${name} of zeros`);
  return { [name]: hex };
}

function numbersOf(point: Json, kind: TakenPoint['kind']) {
  if (kind === 'sum' || kind === 'gauge') return { value: Number(point['asDouble']) };
  const extremes = Object.fromEntries(
    ['sum', 'min', 'max']
      .filter((name) => typeof point[name] === 'number')
      .map((name) => [name, point[name]]),
  );
  const count = Number(point['count']);
  if (kind === 'histogram') {
    const bounds = point['explicitBounds'] as number[];
    return { count, ...extremes, bounds, counts: (point['bucketCounts'] as number[]).map(Number) };
  }
  const { offset, bucketCounts } = point['positive'] as { offset?: number; bucketCounts: number[] };
  return {
    count,
    ...extremes,
    scale: Number(point['scale']),
    zeroCount: Number(point['zeroCount'] ?? 0),
    positive: { offset: offset ?? 0, bucketCounts: bucketCounts.map(Number) },
    counts: [bucketCounts, (point['negative'] as { bucketCounts: number[] }).bucketCounts].flat().map(Number),
  };
}

function attributesOf({ attributes }: Json): Record<string, string | number> {
  const pairs = attributes as { key: string; value: { stringValue?: string; intValue?: number | string } }[];
  expectThat(new Set(pairs.map(({ key }) => key)).size === pairs.length, 'an attribute twice');
  return Object.fromEntries(
    pairs.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  );
}

function check({
  metric,
  startMs,
  endMs,
  kind,
  upAndDown,
  value,
  count,
  bounds = [],
  counts = [],
  zeroCount = 0,
}: TakenPoint): void {
  expectThat(metric !== '', 'a metric without a name');
  expectThat(endMs > 0 && startMs <= endMs, `${metric} from ${startMs} to ${endMs}`);
  if (kind === 'sum' && !upAndDown) expectThat(value! >= 0, `${metric} is ${value}`);
  if (kind === 'histogram') {
    expectThat(counts.length === bounds.length + 1, `${metric} has ${counts.length} buckets`);
    expectThat(
      bounds.every((bound, i) => bound > (bounds[i - 1] ?? -Infinity)),
      `${metric} has bounds out of order`,
    );
  }
  if (count !== undefined) {
    const inBuckets = counts.reduce((sum, one) => sum + one, zeroCount);
    expectThat(inBuckets === count, `${metric} counts ${count}, and ${inBuckets} in its buckets`);
  }
}

function expectThat(valid: boolean, what: string): void {
  if (!valid) throw new Error(`bad ${what}`);
}
