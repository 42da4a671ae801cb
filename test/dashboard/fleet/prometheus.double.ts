import { type Answer, type ReceivedRequest, RemoteServer } from '../../exporters/remote.server.js';

/** The most points of a series that Prometheus answers with. */
const MAX_POINTS = 11_000;

/** A query that has arrived. */
export interface AskedQuery {
  readonly query: string;
  readonly isRange: boolean;
  /** In seconds. */
  readonly times: readonly number[];
  readonly headers: ReceivedRequest['headers'];
}

export interface DoubleSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Undefined where the series has no value. */
  readonly valueAt: (seconds: number) => number | undefined;
}

/** A Prometheus on the wire, as strict as the real one about what it is asked; what it answers is for the test to say. */
export class PrometheusDouble extends RemoteServer {
  readonly asked: AskedQuery[] = [];
  answer: (query: string) => readonly DoubleSeries[] = () => [];
  /** The number of questions after the time of the last sample, and the answer to them; undefined without samples. */
  probes = 0;
  newest: (() => number | undefined) | undefined = () => this.now() / 1000;
  /** The clock of the server, in milliseconds since the Unix epoch. */
  now = (): number => Date.now();
  /** How many queries are being answered, and the most at the same time. */
  inFlight = 0;
  mostInFlight = 0;
  /** What each answer waits for. */
  gate: Promise<void> | undefined;

  protected async answerTo({ method, url, headers, content }: ReceivedRequest): Promise<Answer> {
    const [, prefix, kind] = /^(\/prometheus)?\/api\/v1\/(query|query_range)$/.exec(url) ?? [];
    if (kind === undefined || (prefix !== undefined && prefix !== '/prometheus'))
      return refusal(404, 'not_found');
    if (method !== 'POST' || headers['content-type'] !== 'application/x-www-form-urlencoded') {
      return refusal(405, 'bad_data');
    }
    const form = new URLSearchParams(content.toString());
    const query = form.get('query') ?? '';
    if (query === '' || !/^[1-9]\d*ms$/.test(form.get('timeout') ?? '')) return refusal(400, 'bad_data');
    const isRange = kind === 'query_range';
    const times = isRange ? timesOf(form) : [Number(form.get('time') ?? this.now() / 1000)];
    if (times === undefined || times.some((time) => !Number.isFinite(time))) return refusal(400, 'bad_data');
    const isProbe = NEWEST.test(query);
    if (isProbe) this.probes++;
    else this.asked.push({ query, isRange, times, headers });
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    await this.gate;
    this.inFlight--;
    const result = (isProbe ? this.newestSample() : this.answer(query)).flatMap(({ metric, valueAt }) => {
      const points = times.flatMap((time) => {
        const value = valueAt(time);
        return value === undefined ? [] : [[time, goText(value)]];
      });
      if (points.length === 0) return [];
      return [isRange ? { metric, values: points } : { metric, value: points[0] }];
    });
    const data = { resultType: isRange ? 'matrix' : 'vector', result };
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 'success', data }),
    };
  }

  private newestSample(): DoubleSeries[] {
    const seconds = this.newest?.();
    return seconds === undefined ? [] : [{ metric: {}, valueAt: () => seconds }];
  }
}

/** The question after the time of the last sample. */
const NEWEST = /^max\(timestamp\(process_start_time_seconds(\{[^}]*\})?\)\)$/;

function refusal(status: number, errorType: string): Answer {
  return {
    status,
    body: JSON.stringify({ status: 'error', errorType, error: 'refused: T0ken-of-the-tenant' }),
  };
}

function timesOf(form: URLSearchParams): number[] | undefined {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name) ?? 'NaN'));
  if (start === undefined || end === undefined || step === undefined || !(step > 0) || end < start)
    return undefined;
  const count = Math.floor((end - start) / step + 1e-9) + 1;
  return count > MAX_POINTS ? undefined : Array.from({ length: count }, (_, i) => start + i * step);
}

function goText(value: number): string {
  return String(value).replace('Infinity', 'Inf').replace(/^Inf/, '+Inf');
}
