import type { DashboardSources } from '../dashboard-sources.js';
import { errorRow, ERROR_ORDERS, type ErrorSelection, selectErrors } from '../errors/error-list.js';
import { limitOf, oneOf, textOf } from '../query-parameters.js';
import { type AreaQueries, known, type QueryContext } from './query-context.js';

/** Returns the queries about groups of errors. */
export function errorQueries({ sources: { errors }, shared }: QueryContext): AreaQueries<'errors' | 'error'> {
  return {
    errors: (query) => {
      const [of, selection] = [errorQuery(query), errorSelection(query)];
      return shared(['errors', of, selection], () =>
        selectErrors(errors.find(of), errors.dropped, selection),
      );
    },
    error: (query) =>
      errorRow(known(errors.get(query.get('id') ?? ''), 'The group of errors is no longer kept.')),
  };
}

function errorQuery(query: URLSearchParams): Parameters<DashboardSources['errors']['find']>[0] {
  const error = query.get('error');
  const operation = query.get('operation');
  return {
    limit: Infinity,
    ...(error !== null && { error }),
    ...(operation !== null && { operation }),
  };
}

/** Returns the selection that a request asks for. @throws {ApiError} */
function errorSelection(query: URLSearchParams): ErrorSelection {
  return {
    search: textOf(query, 'search'),
    source: query.get('source') ?? undefined,
    sort: oneOf(query, 'sort', ERROR_ORDERS, 'last'),
    reverse: oneOf(query, 'order', ['down', 'up'], 'down') === 'up',
    limit: limitOf(query),
  };
}
