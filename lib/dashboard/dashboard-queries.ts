import type { DashboardQueries, DashboardSources } from './dashboard.endpoints.js';
import { dependencyQueries } from './dependency-queries.js';
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
  const { cache, fleet, rangeOf, actions } = context;
  const { dependencies, history, feed, hasAuth } = sources;
  return {
    ...nowQueries(context),
    ...metricQueries(context),
    ...requestQueries(context),
    ...errorQueries(context),
    ...processQueries(context),
    ...ownPanelQueries(context),
    ...dependencyQueries(
      dependencies,
      history,
      cache,
      rangeOf,
      async () => (await feed.current()).health.checks,
      actions,
      hasAuth,
    ),
    fleet: (query) => fleet?.report(rangeOf(query)) ?? { isConfigured: false },
  };
}
