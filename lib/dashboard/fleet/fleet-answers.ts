import { conventionOfAll } from '../../metrics/conventions/conventions.js';
import { ConventionalNames } from '../../query/conventional-names.js';
import { ApiError, SourcedAnswer } from '../dashboard-api.endpoints.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { ResponseSteps } from '../response-cache.js';
import { rangeKey, type TimeRange } from '../views/time-range.js';
import { Fleet, type FleetSource } from './fleet.js';
import { readFleet } from './fleet-report.js';
import { PrometheusError } from './prometheus.error.js';

/** The value of the parameter `instance` that asks for the process that answers. */
const THIS_PROCESS = '@process';
const MAX_INSTANCE_LENGTH = 256;

/** The answers of the dashboard about all instances, or about one; about this process while Prometheus has none. */
export class FleetAnswers {
  private readonly fleet: Fleet;

  /** @param startedAt start of this process, in milliseconds since the Unix epoch */
  constructor(
    private readonly source: FleetSource,
    history: DashboardHistory,
    names = new ConventionalNames(conventionOfAll('prometheus')),
    private readonly startedAt: number,
  ) {
    this.fleet = new Fleet(source, history, names);
  }

  /** Returns an answer from the figures of the instances that the query names. */
  async answer(
    query: URLSearchParams,
    key: readonly unknown[],
    range: TimeRange,
    compute: (from: DashboardHistory) => ResponseSteps | Promise<ResponseSteps>,
    ofProcess: () => Promise<string>,
  ): Promise<SourcedAnswer> {
    const instance = instanceOf(query);
    if (instance !== THIS_PROCESS) {
      try {
        return new SourcedAnswer(await this.fleet.read({ key, instance, range }, compute), 'fleet');
      } catch (error) {
        if (!(error instanceof PrometheusError)) throw error;
      }
    }
    return new SourcedAnswer(await ofProcess(), 'process');
  }

  /** Returns the instances and how they compare; without an answer of Prometheus, the reason. */
  async report(range: TimeRange): Promise<SourcedAnswer> {
    const { host } = this.fleet.client;
    const { instanceLabel } = this.source.options;
    const about = { isConfigured: true, prometheus: host, instanceLabel };
    try {
      const json = await this.fleet.answer(['fleet', rangeKey(range)], async (ask) => {
        const { rangeMs, until: at = this.fleet.at } = range;
        const time = { at, rangeMs, startedAt: this.startedAt };
        return { ...about, ...(await readFleet(ask, this.fleet.scopeOf(), time)) };
      });
      return new SourcedAnswer(json, 'fleet');
    } catch (error) {
      if (!(error instanceof PrometheusError)) throw error;
      const problem = `${error.message}. Figures are those of this process.`;
      return new SourcedAnswer(JSON.stringify({ ...about, problem }), 'process');
    }
  }
}

function instanceOf(query: URLSearchParams): string | undefined {
  const instance = query.get('instance') ?? '';
  if (instance.length > MAX_INSTANCE_LENGTH) {
    throw new ApiError(400, `\`instance\` must have at most ${MAX_INSTANCE_LENGTH} characters.`);
  }
  return instance === '' ? undefined : instance;
}
