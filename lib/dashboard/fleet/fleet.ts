import { inTimeSlices } from '../../primitives/time-slices.js';
import { PROCESS_METRICS } from '../../metrics/metric-names.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import { matchersOf } from '../../query/label-matchers.js';
import { durationOf } from '../../query/promql.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { ResolvedDashboardPrometheus } from '../dashboard.options.js';
import { ResponseCache, type ResponseSteps } from '../response-cache.js';
import { rangeKey, type TimeRange } from '../views/time-range.js';
import { type FleetAnswer, FleetHistory, type MetricKind } from './fleet-history.js';
import { type FleetScope, selectorInScope } from './fleet-question.js';
import { type OwnCall, PrometheusClient, type PrometheusQuery } from './prometheus.client.js';
import { PrometheusError } from './prometheus.error.js';
import type { PrometheusRecorder } from './prometheus-metrics.js';

/** The Prometheus of the dashboard, and what its queries need. */
export interface FleetSource {
  readonly options: ResolvedDashboardPrometheus;
  /** Label values that all series of the application have, used where the option `matchers` is not given. */
  readonly service: string | undefined;
  readonly recorder: PrometheusRecorder;
  readonly kindOf: (metric: string) => MetricKind | undefined;
  /** Time in milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Aborted when the application ends. */
  readonly closed: AbortSignal;
  /** Runs the requests, which are none of the application. @default they are not distinguished */
  readonly asOwnCall?: OwnCall;
}

/** The instances and the range that an answer is about. */
export interface FleetRequest {
  /** Name of the parts of the answer that differ. */
  readonly key: readonly unknown[];
  /** Name of one instance; undefined for all. */
  readonly instance: string | undefined;
  readonly range: TimeRange;
}

/** The state of the contact to Prometheus. */
export interface FleetContact {
  /** The reason to show figures of this process; undefined while Prometheus answers. */
  readonly problem: string | undefined;
  /** The age of its last sample by the clock of this process, in milliseconds; 0 while it is that of one scrape. */
  readonly behindMs: number;
}

/** The scrapes of the application, as its samples in Prometheus show them. */
interface Scrapes {
  /** Distance of two scrapes, in milliseconds. */
  readonly intervalMs: number;
  /** The time by which the samples are older than they should be, in milliseconds; below 0 if they are of the future. */
  readonly behindMs: number;
}

/** The most times that code is read with the answers so far, and the most queries of one answer. */
const MAX_ROUNDS = 6;
const MAX_QUERIES = 120;
/** The pause after a failure; it doubles with each further one. */
const PAUSE_MS = 5_000;
const MAX_PAUSE_MS = 60_000;
/** The distance of two scrapes if it is not known. */
const DEFAULT_SCRAPE_MS = 60_000;
const SCRAPE_WINDOW_MS = 60_000;
/** The time for which Prometheus is taken to have no sample, in milliseconds. */
const EMPTY_MS = 5_000;
/** The scrapes that may be missing before samples are old. */
const LATE_SCRAPES = 3;
/** The number of lines, and of rows, of a query with too many. */
const TOP_LINES = 8;
const TOP_ROWS = 1_000;

/**
 * The figures of all instances, from Prometheus. Answers are kept for one interval of the history; after a failure,
 * Prometheus is left alone for a while.
 */
export class Fleet {
  readonly client: PrometheusClient;
  private readonly cache: ResponseCache;
  private pausedUntil = -Infinity;
  private pauseMs = PAUSE_MS;
  private lastProblem: PrometheusError | undefined;
  private measured: { readonly until: number; readonly scrapes: Promise<Scrapes> } | undefined;
  private behindMs = 0;

  constructor(
    private readonly source: FleetSource,
    private readonly history: DashboardHistory,
    private readonly names: ConventionalNames,
    private readonly monotonic: () => number = () => performance.now(),
  ) {
    this.client = new PrometheusClient(
      source.options,
      source.recorder,
      source.closed,
      monotonic,
      source.asOwnCall,
    );
    const at = (): number => this.at;
    this.cache = new ResponseCache({
      get lastSample() {
        return at();
      },
    });
  }

  /** The time that answers are about now: the last whole interval for which Prometheus has samples. */
  get at(): number {
    const { intervalMs } = this.history;
    return Math.floor((this.source.now() - this.behindMs) / intervalMs) * intervalMs;
  }

  get contact(): FleetContact {
    return { problem: this.lastProblem?.message, behindMs: this.behindMs };
  }

  /** Returns the series of the application, or of one instance of it. */
  scopeOf(instance?: string): FleetScope {
    const { options, service } = this.source;
    const { instanceLabel, targetLabels, matchers = service === undefined ? {} : { service } } = options;
    const own =
      instance === undefined ? [] : [{ name: instanceLabel, operator: '=' as const, value: instance }];
    return { names: this.names, instanceLabel, targetLabels, matchers: [...matchersOf(matchers), ...own] };
  }

  /**
   * Returns an answer from figures of Prometheus, as JSON.
   *
   * @param compute reads a history; called several times, until every query that it makes has an answer
   * @throws {PrometheusError} if a query fails
   * @throws {TooManyRequestsError}
   */
  read(
    { key, instance, range }: FleetRequest,
    compute: (history: FleetHistory) => ResponseSteps | Promise<ResponseSteps>,
  ): Promise<string> {
    return this.answer([...key, instance ?? null, rangeKey(range)], async (ask) => {
      const { rangeMs, until = this.at } = range;
      const time = { at: until, rangeMs, scrapeIntervalMs: (await this.scrapes()).intervalMs };
      const history = new FleetHistory(this.history, this.source.kindOf, this.scopeOf(instance), time);
      let asked = 0;
      for (let round = 0; round < MAX_ROUNDS; round++) {
        history.leftOut = 0;
        const result = await inTimeSlices(await compute(history), this.monotonic);
        const { pending } = history;
        if (pending.length === 0) return result;
        asked += pending.length;
        if (asked > MAX_QUERIES) break;
        await Promise.all(pending.map(async (query) => history.answer(query, await ask(query))));
      }
      throw new PrometheusError('too large', `The answer needs more than ${MAX_QUERIES} queries`, true);
    });
  }

  /**
   * Returns an answer from the answers to single queries, as JSON.
   *
   * @throws {PrometheusError} if a query fails
   * @throws {TooManyRequestsError}
   */
  answer(
    key: readonly unknown[],
    compute: (ask: (query: PrometheusQuery) => Promise<FleetAnswer>) => Promise<unknown>,
  ): Promise<string> {
    if (this.monotonic() < this.pausedUntil && this.lastProblem !== undefined) throw this.lastProblem;
    return this.cache.get(JSON.stringify(key), async () => {
      const { timeoutMs } = this.source.options;
      const failed = new AbortController();
      const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), failed.signal]);
      try {
        await this.scrapes();
        const result = await compute((query) => this.ask(query, timeoutMs, signal));
        this.resume();
        return stepsOf(result);
      } catch (error) {
        if (error instanceof PrometheusError) this.pause(error);
        throw error;
      } finally {
        // The other queries of this answer are of no use any more.
        failed.abort();
      }
    });
  }

  private async ask(query: PrometheusQuery, timeoutMs: number, signal: AbortSignal): Promise<FleetAnswer> {
    try {
      return { series: await this.client.ask(query, timeoutMs, signal), leftOut: 0 };
    } catch (error) {
      if (!(error instanceof PrometheusError) || error.failure !== 'too large') throw error;
    }
    return this.askTop(query, timeoutMs, signal);
  }

  /** Asks for the largest series of a query with too many, and for the number of the others. */
  private async askTop(query: PrometheusQuery, timeoutMs: number, signal: AbortSignal): Promise<FleetAnswer> {
    const { promql, start, end, stepMs } = query;
    const peaks = `max_over_time((${promql})[${durationOf(end - start + stepMs)}:${durationOf(stepMs)}]`;
    const [top, all] =
      stepMs === 0
        ? [`topk(${TOP_ROWS}, ${promql})`, promql]
        : [`(${promql}) and topk(${TOP_LINES}, ${peaks} @ end()))`, `${peaks})`];
    try {
      const [series, count] = await Promise.all([
        this.client.ask({ ...query, promql: top }, timeoutMs, signal),
        this.client.ask({ promql: `count(${all})`, start: end, end, stepMs: 0 }, timeoutMs, signal),
      ]);
      return { series, leftOut: Math.max(0, (count[0]?.values[0] ?? 0) - series.length) };
    } catch (error) {
      if (!(error instanceof PrometheusError) || error.failure !== 'too large') throw error;
      // A server that sends too much even for the shortest query is no Prometheus.
      throw new PrometheusError(error.failure, error.message);
    }
  }

  /** Returns the scrapes of the application, measured once a minute as soon as they are known. */
  private scrapes(): Promise<Scrapes> {
    const now = this.monotonic();
    if (this.measured === undefined || now > this.measured.until) {
      const scrapes = this.measureScrapes();
      this.measured = { until: now + SCRAPE_WINDOW_MS, scrapes };
      scrapes.catch((error: unknown) => {
        this.measured =
          error instanceof PrometheusError && error.failure === 'empty'
            ? { until: now + EMPTY_MS, scrapes }
            : undefined;
      });
    }
    return this.measured.scrapes;
  }

  /** Returns the mean distance of the scrapes of the last minute, in whole seconds, and the age of the last one. */
  private async measureScrapes(): Promise<Scrapes> {
    const start = selectorInScope({ metric: PROCESS_METRICS.startTime, labels: {} }, this.scopeOf());
    // At the time of Prometheus: its clock may be another one.
    const newest = await this.one(`max(timestamp(${start}))`);
    if (newest === undefined) throw this.nothing();
    // The number of scrapes alone would be too small while Prometheus knows the application for less than the window.
    const times = `timestamp(${start})[${durationOf(SCRAPE_WINDOW_MS)}:1s]`;
    const seconds = await this.one(
      `min((max_over_time(${times}) - min_over_time(${times})) / changes(${times}))`,
    );
    // There may be a second scrape by the next answer.
    const isKnown = seconds !== undefined && seconds > 0;
    if (!isKnown) this.measured = undefined;
    const intervalMs = isKnown ? Math.max(1, Math.round(seconds)) * 1_000 : DEFAULT_SCRAPE_MS;
    const ageMs = this.source.now() - newest * 1_000;
    const isLate = Math.abs(ageMs) > LATE_SCRAPES * Math.max(intervalMs, this.history.intervalMs);
    this.behindMs = isLate ? ageMs : 0;
    return { intervalMs, behindMs: this.behindMs };
  }

  /** Returns the value of a query at the time of Prometheus; undefined if it has none. */
  private async one(promql: string): Promise<number | undefined> {
    const { timeoutMs } = this.source.options;
    const query = { promql, start: 0, end: 0, stepMs: 0, isAtItsTime: true };
    const [first] = await this.client.ask(query, timeoutMs, AbortSignal.timeout(timeoutMs));
    return first?.values[0];
  }

  /** Returns the error of a Prometheus that has no series of the application. */
  private nothing(): PrometheusError {
    const selector = selectorInScope({ metric: PROCESS_METRICS.startTime, labels: {} }, this.scopeOf());
    return new PrometheusError(
      'empty',
      `Prometheus at ${this.client.host} has no ${selector} of the last 5 minutes. It does not scrape the application yet, or dashboard.prometheus.matchers select something else`,
      true,
    );
  }

  private pause(error: PrometheusError): void {
    this.lastProblem = error;
    if (error.isAboutQuery) return;
    this.pausedUntil = this.monotonic() + this.pauseMs;
    this.pauseMs = Math.min(this.pauseMs * 2, MAX_PAUSE_MS);
  }

  private resume(): void {
    this.lastProblem = undefined;
    this.pauseMs = PAUSE_MS;
  }
}

// oxlint-disable-next-line require-yield -- the result is there already
function* stepsOf(result: unknown): ResponseSteps {
  return result;
}
