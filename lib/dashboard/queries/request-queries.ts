import type { DashboardHistory } from '../dashboard-history.js';
import type { DashboardSources } from '../dashboard-sources.js';
import { endpointRows } from '../endpoint-rows.js';
import { limitOf, oneOf } from '../query-parameters.js';
import { routeOf, RouteQueries, routeSelection } from '../routes/route-queries.js';
import { type AreaQueries, known, type QueryContext } from './query-context.js';

/** Returns the queries about requests: the routes, their statistics and their records. */
export function requestQueries({
  sources: { history, registry, records },
  answer,
  shared,
  rangeOf,
  thresholdsOf,
  views,
  viewsOf,
}: QueryContext): AreaQueries<'endpoints' | 'routes' | 'route' | 'causes' | 'records' | 'record'> {
  const ofThis = new RouteQueries(registry, history, views, thresholdsOf);
  const routesOf = (from: DashboardHistory) =>
    from === history ? ofThis : new RouteQueries(registry, history, viewsOf(from), thresholdsOf, from);
  return {
    endpoints: (query) => {
      const range = rangeOf(query);
      return answer(query, ['endpoints'], range, (from) => endpointRows(from, range));
    },
    routes: (query) => {
      const selection = routeSelection(query);
      const range = rangeOf(query);
      return answer(query, ['routes', selection], range, (from) => routesOf(from).list(selection, range));
    },
    route: (query) => {
      const { method, route } = routeOf(query);
      const range = rangeOf(query);
      return answer(query, ['route', method, route], range, (from) =>
        routesOf(from).page(method, route, range),
      );
    },
    causes: () => shared(['causes'], () => ({ causes: records.causes() })),
    records: (query) => ({ records: findRecords(records, query) }),
    record: (query) =>
      known(records.get(query.get('id') ?? '') as object | undefined, 'The record is no longer kept.'),
  };
}

/** Returns the records of an operation, of a route, or all. @throws {ApiError} */
function findRecords(records: DashboardSources['records'], query: URLSearchParams): readonly unknown[] {
  const list = oneOf(query, 'list', ['slowest', 'failures', 'samples'], 'slowest');
  const limit = limitOf(query);
  const name = query.get('name');
  if (!query.has('route')) return records.find({ list, limit, ...(name !== null && { name }) });
  const { method, route } = routeOf(query);
  const ofName = records.find({ list, limit, name: `${method} ${route}` });
  if (ofName.length > 0) return ofName;
  // The name of a GraphQL request has its operation, too.
  return records
    .find({ list, limit: Infinity })
    .filter((record) => record.method === method && record.route === route)
    .slice(0, limit);
}
