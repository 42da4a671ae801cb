import { messageOf } from '../../primitives/error-message.js';
import { redactAndCut } from '../../primitives/redact.js';
import type { HealthReport } from '../../health/health-report.js';
import { ApiError } from '../dashboard-api.endpoints.js';
import type { DashboardSources, DependencySource } from '../dashboard-sources.js';
import type { DashboardQueries } from '../dashboard.endpoints.js';
import { dependencyCards } from './dependency-cards.js';
import type { DashboardActions } from '../panels/panel-actions.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { RangeAnswer } from '../range-answer.js';
import type { TimeRange } from '../views/time-range.js';

/** Age limit of the cards, in milliseconds. */
const MAX_AGE_MS = 2_000;
const MAX_PROBLEM = 300;

const NONE: DependencySource = {
  databases: () => [],
  postgresqlNames: () => [],
  queueNames: () => [],
  readPostgresql: () => undefined,
  failedJobs: () => undefined,
  retry: () => undefined,
  retryAll: () => undefined,
};

/** Returns the queries about what the application depends on. */
export function dependencyQueries(
  load: DashboardSources['dependencies'],
  answer: RangeAnswer,
  rangeOf: (query: URLSearchParams) => TimeRange,
  healthChecks: () => Promise<HealthReport['checks']>,
  actions: DashboardActions | undefined,
  hasAuth: boolean,
): Pick<
  DashboardQueries,
  'dependencies' | 'dependencies/postgresql' | 'dependencies/jobs' | 'dependencies/retry'
> {
  let loading: Promise<DependencySource> | undefined;
  const source = (): Promise<DependencySource> => (loading ??= load?.() ?? Promise.resolve(NONE));
  return {
    dependencies: (query) => {
      const range = rangeOf(query);
      const compute = async (from: DashboardHistory) => {
        const found = await source();
        const names = {
          databases: found.databases(),
          postgresql: found.postgresqlNames(),
          queues: found.queueNames(),
        };
        return dependencyCards(from, range, names, await healthChecks());
      };
      return answer(query, ['dependencies'], range, compute, MAX_AGE_MS);
    },
    'dependencies/postgresql': async (query) =>
      answered((await source()).readPostgresql(query.get('name') ?? ''), 'database'),
    'dependencies/jobs': async (query) => {
      const jobs = await answered((await source()).failedJobs(query.get('queue') ?? ''), 'queue');
      return { ...jobs, canRetry: hasAuth };
    },
    'dependencies/retry': async ({ queue, job }) => {
      if (
        actions === undefined ||
        typeof queue !== 'string' ||
        (job !== undefined && typeof job !== 'string')
      ) {
        throw new ApiError(
          400,
          '`queue` must be a string, and `job` a string or absent for all failed jobs.',
        );
      }
      const found = await source();
      const panel = `BullMQ ${queue}`;
      if (!found.queueNames().includes(queue)) throw new ApiError(404, 'There is no queue of that name.');
      if (job === undefined) {
        return actions.run(panel, 'Retry all failed jobs', (signal) => found.retryAll(queue, signal));
      }
      return actions.run(panel, 'Retry a failed job', async (signal) => {
        const outcome = await found.retry(queue, job, signal);
        if (outcome === 'unknown') throw new ApiError(404, 'The job no longer exists.');
        if (outcome === 'not failed') throw new ApiError(409, 'The job is not failed any more.');
      });
    },
  };
}

/** @throws {ApiError} if there is nothing of that name, or it does not answer */
async function answered<T>(answer: Promise<T> | undefined, what: string): Promise<T> {
  if (answer === undefined) throw new ApiError(404, `There is no ${what} of that name.`);
  try {
    return await answer;
  } catch (error) {
    const reason = redactAndCut(messageOf(error), MAX_PROBLEM);
    throw new ApiError(502, `The ${what} cannot be read: ${reason}`);
  }
}
