import { conventionOfAll } from '../../metrics/conventions/conventions.js';
import { ConventionalNames } from '../../query/conventional-names.js';
import { ApiError, SourcedAnswer } from '../dashboard-api.endpoints.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { DashboardInstance } from '../dashboard-instance.js';
import type { NowData } from '../now/now-data.js';
import type { ResponseSteps } from '../response-cache.js';
import { rangeKey, type TimeRange } from '../views/time-range.js';
import { Fleet, type FleetSource } from './fleet.js';
import type { FleetHistory } from './fleet-history.js';
import { type FleetNowSources, readFleetNow } from './fleet-now.js';
import { type FleetReport, readFleet } from './fleet-report.js';
import { PrometheusError } from './prometheus.error.js';

/** The value of the parameter `instance` that asks for the process that answers. */
const THIS_PROCESS = '@process';
const MAX_INSTANCE_LENGTH = 256;

/** The answers of the dashboard about all instances, or about one; about this process while Prometheus has none. */
export class FleetAnswers {
  private readonly fleet: Fleet;

  constructor(
    private readonly source: FleetSource,
    history: DashboardHistory,
    names = new ConventionalNames(conventionOfAll('prometheus')),
    /** The process that answers. */
    private readonly self: DashboardInstance,
  ) {
    this.fleet = new Fleet(source, history, names);
  }

  /** Returns an answer from the figures of the instances that the query names. */
  answer(
    query: URLSearchParams,
    key: readonly unknown[],
    range: TimeRange,
    compute: (from: FleetHistory) => ResponseSteps | Promise<ResponseSteps>,
    ofProcess: () => Promise<string>,
  ): Promise<SourcedAnswer> {
    const instance = instanceOf(query);
    return this.orOfProcess(instance, () => this.fleet.read({ key, instance, range }, compute), ofProcess);
  }

  /** Returns what is wrong now, over the instances that the query names. */
  now(
    query: URLSearchParams,
    range: TimeRange,
    {
      causes,
      thresholdsOf,
    }: Pick<FleetNowSources, 'thresholdsOf'> & { causes: () => FleetNowSources['causes'] },
    ofProcess: () => Promise<string>,
  ): Promise<SourcedAnswer> {
    const instance = instanceOf(query);
    const compute = async (from: FleetHistory): Promise<ResponseSteps> =>
      readFleetNow(from, range, {
        report: JSON.parse(await this.reportJson(range)) as FleetReport,
        instance,
        causes: causes(),
        ofProcess: JSON.parse(await ofProcess()) as NowData,
        thresholdsOf,
      });
    return this.orOfProcess(
      instance,
      () => this.fleet.read({ key: ['now'], instance, range }, compute),
      ofProcess,
    );
  }

  /** Returns the instances and how they compare; without an answer of Prometheus, the reason. */
  async report(range: TimeRange): Promise<SourcedAnswer> {
    try {
      return new SourcedAnswer(await this.reportJson(range), 'fleet');
    } catch (error) {
      if (!(error instanceof PrometheusError)) throw error;
      const problem = `${error.message}. Figures are those of this process.`;
      return new SourcedAnswer(JSON.stringify({ ...this.about, problem }), 'process');
    }
  }

  private get about(): object {
    const { client } = this.fleet;
    const { instanceLabel } = this.source.options;
    const { host, pid } = this.self;
    return { isConfigured: true, prometheus: client.host, instanceLabel, process: `${host}:${pid}` };
  }

  /** @throws {PrometheusError} */
  private reportJson(range: TimeRange): Promise<string> {
    return this.fleet.answer(['fleet', rangeKey(range)], async (ask) => {
      const { rangeMs, until: at = this.fleet.at } = range;
      const time = { at, rangeMs, startedAt: this.self.startedAt };
      const report = await readFleet(ask, this.fleet.scopeOf(), time);
      return { ...this.about, ...report, behindMs: this.fleet.contact.behindMs };
    });
  }

  private async orOfProcess(
    instance: string | undefined,
    ofFleet: () => Promise<string>,
    ofProcess: () => Promise<string>,
  ): Promise<SourcedAnswer> {
    if (instance !== THIS_PROCESS) {
      try {
        return new SourcedAnswer(await ofFleet(), 'fleet');
      } catch (error) {
        if (!(error instanceof PrometheusError)) throw error;
      }
    }
    return new SourcedAnswer(await ofProcess(), 'process');
  }
}

function instanceOf(query: URLSearchParams): string | undefined {
  const instance = query.get('instance') ?? '';
  if (instance.length > MAX_INSTANCE_LENGTH) {
    throw new ApiError(400, `\`instance\` must have at most ${MAX_INSTANCE_LENGTH} characters.`);
  }
  return instance === '' ? undefined : instance;
}
