import { type Answer, type ReceivedRequest, RemoteServer } from '../remote.server.js';

/** A point of a series as it was taken. */
export interface TakenPoint {
  readonly metric: string;
  readonly tags: readonly string[];
  readonly type: 'count' | 'gauge' | 'distribution';
  readonly timestamp: number;
  readonly values: readonly number[];
  readonly interval?: number;
  readonly host?: string;
}

interface SeriesOnTheWire {
  readonly metric?: unknown;
  readonly type?: unknown;
  readonly interval?: unknown;
  readonly unit?: unknown;
  readonly points?: unknown;
  readonly tags?: unknown;
  readonly host?: unknown;
  readonly resources?: unknown;
}

const MAX_AGE_MS = 3_600_000;
const MAX_AHEAD_MS = 600_000;
const NAME = /^[a-zA-Z][a-zA-Z0-9_.]{0,199}$/;
const TAG = /^\p{L}[\p{L}\p{N}_\-:./]*$/u;
const LIMITS = {
  '/api/v2/series': { compressed: 512_000, inflated: 5_242_880, encodings: ['deflate', 'gzip'] },
  '/api/v1/distribution_points': { compressed: 3_200_000, inflated: 62_914_560, encodings: ['deflate'] },
} as const;

/**
 * Datadog's intake as its API reference describes it. It refuses what that says it refuses. A count or a gauge with
 * the time stamp, the host and the tags of another takes its place; the values of distributions are added to each
 * other.
 */
export class DatadogServer extends RemoteServer {
  readonly refusals: string[] = [];
  /** The values of distributions that were taken twice, since their sender did not know. */
  readonly repeated: TakenPoint[] = [];
  private readonly points = new Map<string, TakenPoint>();

  constructor(
    private readonly apiKey: string,
    private readonly now: () => number = Date.now,
  ) {
    super();
  }

  get taken(): readonly TakenPoint[] {
    return [...this.points.values()];
  }

  protected override answerTo({ method, url, headers, body, content, repeated }: ReceivedRequest): Answer {
    if (!(url in LIMITS) || method !== 'POST') return this.refuse(404, `${method} ${url}`);
    const { compressed, inflated, encodings } = LIMITS[url as keyof typeof LIMITS];
    if (headers['dd-api-key'] !== this.apiKey) return this.refuse(403, 'Forbidden');
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && !(encodings as readonly string[]).includes(encoding)) {
      return this.refuse(400, `Content-Encoding ${encoding}`);
    }
    if (!/^(application|text)\/json\b/.test(headers['content-type'] ?? ''))
      return this.refuse(400, 'Content-Type');
    if (body.length > compressed || content.length >= inflated) {
      return this.refuse(413, `${body.length} bytes, ${content.length} inflated`);
    }
    const read = url === '/api/v2/series' ? pointOfSeries : pointOfDistribution;
    const taken: TakenPoint[] = [];
    try {
      const { series } = JSON.parse(content.toString()) as { series: SeriesOnTheWire[] };
      for (const one of series) taken.push(this.checked(read(one)));
    } catch (error) {
      return this.refuse(400, (error as Error).message);
    }
    for (const point of taken) this.keep(point);
    if (repeated) this.repeated.push(...taken.filter(({ type }) => type === 'distribution'));
    return { status: 202, headers: { 'content-type': 'application/json' }, body: '{"errors":[]}' };
  }

  protected override refusalOf(poison: string): Answer {
    return {
      status: 400,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ errors: [`${poison} is not taken`] }),
    };
  }

  private keep(point: TakenPoint): void {
    const { metric, tags, type, timestamp, host } = point;
    const identity = JSON.stringify([metric, type, tags.toSorted(), timestamp, host]);
    const before = type === 'distribution' ? (this.points.get(identity)?.values ?? []) : [];
    this.points.set(identity, { ...point, values: [...before, ...point.values] });
  }

  private checked(point: TakenPoint): TakenPoint {
    const { metric, tags, timestamp, values, interval, type } = point;
    expectThat(typeof metric === 'string' && NAME.test(metric), `metric ${metric}`);
    expectThat(Array.isArray(tags), 'tags');
    for (const tag of tags) {
      const valid = TAG.test(tag) && tag.length <= 200 && tag === tag.toLowerCase() && !/[_:]$/.test(tag);
      expectThat(valid, `tag ${tag}`);
    }
    expectThat(Number.isInteger(timestamp), `timestamp ${timestamp}`);
    const age = this.now() - timestamp * 1_000;
    expectThat(age <= MAX_AGE_MS && age >= -MAX_AHEAD_MS, `timestamp ${timestamp} at ${this.now()}`);
    // JSON has neither NaN nor infinities; what wrote them wrote null.
    expectThat(values.length > 0 && values.every(Number.isFinite), `values ${values.join(' ')}`);
    expectThat(type !== 'count' || (Number.isInteger(interval) && interval! > 0), `interval ${interval}`);
    return point;
  }

  private refuse(status: number, message: string): Answer {
    this.refusals.push(`${status} ${message}`);
    return {
      status,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ errors: [message] }),
    };
  }
}

function pointOfSeries({ metric, type, interval, points, tags, resources }: SeriesOnTheWire): TakenPoint {
  const [point, ...more] = points as { timestamp: number; value: number }[];
  if (point === undefined || more.length > 0) throw new Error('bad points');
  expectThat(type === 1 || type === 3, `type ${String(type)}`);
  const host = (resources as { type: string; name: string }[]).find(
    (resource) => resource.type === 'host',
  )?.name;
  return {
    metric: metric as string,
    tags: tags as string[],
    type: type === 1 ? 'count' : 'gauge',
    timestamp: point.timestamp,
    values: [point.value],
    ...(interval !== undefined && { interval: interval as number }),
    ...(host !== undefined && { host }),
  };
}

function pointOfDistribution({ metric, points, tags, host }: SeriesOnTheWire): TakenPoint {
  const [point, ...more] = points as [number, number[]][];
  if (point === undefined || more.length > 0 || !Array.isArray(point[1])) throw new Error('bad points');
  return {
    metric: metric as string,
    tags: tags as string[],
    type: 'distribution',
    timestamp: point[0],
    values: point[1],
    ...(host !== undefined && { host: host as string }),
  };
}

function expectThat(valid: boolean, what: string): void {
  if (!valid) throw new Error(`bad ${what}`);
}
