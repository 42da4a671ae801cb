import type { DashboardSources } from './dashboard-sources.js';
import type { DashboardQueries } from './dashboard.endpoints.js';
import { dependencyQueries } from './dependencies/dependency-queries.js';
import { errorQueries } from './queries/error-queries.js';
import { metricQueries } from './queries/metric-queries.js';
import { nowQueries } from './queries/now-queries.js';
import { ownPanelQueries } from './queries/own-panel-queries.js';
import { processQueries } from './queries/process-queries.js';
import { queryContext } from './queries/query-context.js';
import { requestQueries } from './queries/request-queries.js';

/** Returns the queries behind the endpoints of the API, by the name of the endpoint. */
export function dashboardQueries(sources: DashboardSources): DashboardQueries {
  const context = queryContext(sources);
  const { answer, fleet, rangeOf, actions } = context;
  const { dependencies, feed, hasAuth } = sources;
  return {
    ...nowQueries(context),
    ...metricQueries(context),
    ...requestQueries(context),
    ...errorQueries(context),
    ...processQueries(context),
    ...ownPanelQueries(context),
    ...dependencyQueries(
      dependencies,
      answer,
      rangeOf,
      async () => (await feed.current()).health.checks,
      actions,
      hasAuth,
    ),
    fleet: (query) => fleet?.report(rangeOf(query)) ?? { isConfigured: false },
  };
}
