import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { requireBinary } from './binaries.js';
import { freePort } from './free-port.js';
import { ServerProcess } from './server.process.js';

/** Prometheus waits 5 s before it scrapes what it has just been told of. */
const FIRST_SCRAPE_MS = 120_000;
const ANSWER_MS = 60_000;

/** Something to scrape. */
export interface ScrapeJob {
  readonly job: string;
  /** Where its metrics are, such as `http://127.0.0.1:3000/metrics`. */
  readonly url: string;
  /** Further instances, such as `127.0.0.1:3001`. */
  readonly further?: readonly string[];
}

export interface ScrapeTarget {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly lastScrape: string;
}

export interface TargetMetadata {
  readonly metric: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

export interface PrometheusSample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A Prometheus of the test's own, with an empty memory. */
export class PrometheusServer {
  private constructor(
    readonly url: string,
    private readonly process: ServerProcess,
    private readonly folder: string,
    private readonly jobs: readonly ScrapeJob[],
  ) {}

  /**
   * Starts one that scrapes every second.
   *
   * @param features names for its option `--enable-feature`
   * @param scrapeSeconds interval and time limit of scrapes; a busy application may not answer within a second
   */
  static async start(
    jobs: readonly ScrapeJob[],
    features: readonly string[] = ['exemplar-storage'],
    scrapeSeconds = 1,
  ): Promise<PrometheusServer> {
    const folder = await mkdtemp(join(tmpdir(), 'nestjs-monitoring-prometheus-'));
    try {
      const config = join(folder, 'prometheus.yml');
      // Every JSON document is YAML.
      await writeFile(config, JSON.stringify(configuration(jobs, scrapeSeconds)));
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      const process = await ServerProcess.start({
        command: requireBinary('prometheus'),
        args: [
          `--config.file=${config}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--web.enable-lifecycle',
          `--enable-feature=${features.join(',')}`,
          '--log.level=debug',
        ],
        cwd: folder,
        isReady: async () => (await fetch(`${url}/-/ready`)).ok,
      });
      return new PrometheusServer(url, process, folder, jobs);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    try {
      await this.process.stop();
    } finally {
      await rm(this.folder, { recursive: true, force: true });
    }
  }

  /** Ends it as a crash does. */
  async crash(): Promise<void> {
    await this.process.crash();
    await rm(this.folder, { recursive: true, force: true });
  }

  /**
   * Waits until every job has been scraped, and fails if one cannot be. Not all at one time: on a busy machine, a scrape
   * now and then takes longer than its second.
   */
  async untilScraped(): Promise<void> {
    const missing = new Set(this.jobs.map(({ job }) => job));
    await eventually(
      async () => {
        const targets = await this.targets();
        const left = targets.flatMap(({ labels, health, lastError }) => {
          const job = labels['job'] ?? '';
          if (health === 'up') missing.delete(job);
          return missing.has(job) ? [{ job, health, lastError }] : [];
        });
        expect({ missing: [...missing], left }).toEqual({ missing: [], left: [] });
      },
      { timeout: FIRST_SCRAPE_MS, interval: 200 },
    );
  }

  /**
   * What it had against a job since the start, from its log: answers that it could not read, samples that it
   * refused. A time-out is none: the machine may be busy.
   */
  complaints(job: string): string[] {
    const pool = /\s/.test(job) ? JSON.stringify(job) : job;
    return this.process.output
      .split('\n')
      .filter((line) => line.includes(` scrape_pool=${pool} `))
      .filter((line) => /level=(warn|error)|msg="(Scrape|Append) failed"/.test(line))
      .filter((line) => !line.includes('context deadline exceeded'));
  }

  /** What is scraped, in the order of the jobs' names. */
  async targets(): Promise<ScrapeTarget[]> {
    const { activeTargets } = await this.ask<{ activeTargets: ScrapeTarget[] }>('targets');
    return activeTargets.toSorted((a, b) => ((a.labels['job'] ?? '') < (b.labels['job'] ?? '') ? -1 : 1));
  }

  /** What a job says of its metrics, in the order of their names. */
  async metadata(job: string): Promise<TargetMetadata[]> {
    const metadata = await this.ask<TargetMetadata[]>('targets/metadata', {
      match_target: `{job=${JSON.stringify(job)}}`,
    });
    return metadata.toSorted((a, b) => (a.metric < b.metric ? -1 : 1));
  }

  /** Evaluates an expression of PromQL. @param at a time in milliseconds. @default now */
  async query(expression: string, at?: number): Promise<PrometheusSample[]> {
    const { result } = await this.ask<{
      result: readonly { metric: Record<string, string>; value: readonly [number, string] }[];
    }>('query', { query: expression, ...(at !== undefined && { time: String(at / 1000) }) });
    return result.map(({ metric, value }) => ({ labels: metric, value: goNumber(value[1]) }));
  }

  /** Evaluates an expression at several times, in milliseconds, by the time. */
  async queryRange(
    expression: string,
    times: { readonly start: number; readonly end: number; readonly stepMs: number },
  ): Promise<{ labels: Readonly<Record<string, string>>; values: ReadonlyMap<number, number> }[]> {
    const { result } = await this.ask<{
      result: readonly { metric: Record<string, string>; values: readonly [number, string][] }[];
    }>('query_range', {
      query: expression,
      start: String(times.start / 1000),
      end: String(times.end / 1000),
      step: String(times.stepMs / 1000),
    });
    return result.map(({ metric, values }) => ({
      labels: metric,
      values: new Map(values.map(([seconds, value]) => [Math.round(seconds * 1000), goNumber(value)])),
    }));
  }

  /** The labels of the series that a selector matches. */
  series(selector: string): Promise<Readonly<Record<string, string>>[]> {
    return this.ask('series', { 'match[]': selector });
  }

  /** The exemplars that it has stored of the series of an expression within the last hour. */
  async exemplars(expression: string): Promise<PrometheusSample[]> {
    const now = Date.now() / 1000;
    const stored = await this.ask<{ exemplars: { labels: Record<string, string>; value: string }[] }[]>(
      'query_exemplars',
      { query: expression, start: String(now - 3_600), end: String(now + 60) },
    );
    return stored.flatMap(({ exemplars }) =>
      exemplars.map(({ labels, value }) => ({ labels, value: goNumber(value) })),
    );
  }

  private async ask<T>(path: string, query: Readonly<Record<string, string>> = {}): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}?${new URLSearchParams(query).toString()}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const answer = (await response.json()) as { status: string; data: T; error?: string };
    if (answer.status !== 'success') throw new Error(`Prometheus refused ${path}: ${answer.error}`);
    return answer.data;
  }
}

function configuration(jobs: readonly ScrapeJob[], scrapeSeconds: number): object {
  const interval = `${scrapeSeconds}s`;
  return {
    global: { scrape_interval: interval, scrape_timeout: interval, evaluation_interval: '1s' },
    scrape_configs: jobs.map(({ job, url, further = [] }) => {
      const { host, pathname } = new URL(url);
      const targets = [host, ...further];
      return { job_name: job, metrics_path: pathname, static_configs: [{ targets }] };
    }),
  };
}

function goNumber(text: string): number {
  return Number(text.replace(/Inf$/, 'Infinity'));
}
