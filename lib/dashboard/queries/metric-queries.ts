import { ApiError, SourcedAnswer } from '../dashboard-api.endpoints.js';
import type { DashboardHistory } from '../dashboard-history.js';
import { MetricExplorer } from '../metric-explorer.js';
import { businessView } from '../views/business-view.js';
import { isLibraryMetric } from '../views/library-metrics.js';
import type { View } from '../views/panel.js';
import type { ViewData } from '../views/view-data.js';
import { VIEWS } from '../views/views.js';
import { type AreaQueries, MAX_AGE_MS, type QueryContext, tagsOf } from './query-context.js';

/** Returns the queries about metrics: the views, the list of all metrics and one of them. */
export function metricQueries({
  sources,
  cache,
  answer,
  rangeOf,
  views,
  viewsOf,
}: QueryContext): AreaQueries<'view' | 'metrics' | 'metric'> {
  const { history, registry, names, retention } = sources;
  const explorer = new MetricExplorer(registry, history, views, names);
  const viewData = (view: View, query: URLSearchParams, isInView = metricsOf(view)) => {
    const range = rangeOf(query);
    retention?.open(isInView);
    return answer(query, ['view', view.name], range, (from) =>
      // Prometheus may have series that the history of this process lacks.
      from === history
        ? withNotes(views.read(view, range), () => retention?.notesOn(isInView) ?? [])
        : viewsOf(from).read(view, range),
    );
  };
  return {
    view: (query) => {
      const name = query.get('name');
      if (name === 'business') {
        return viewData(businessView(history), query, (metric) => !isLibraryMetric(metric));
      }
      const view = VIEWS.find((each) => each.name === name);
      if (view === undefined) throw new ApiError(404, 'Unknown view.');
      return viewData(view, query);
    },
    metrics: () => cache.get('metrics', () => explorer.list(), MAX_AGE_MS),
    metric: async (query) => {
      const name = query.get('name') ?? '';
      const tags = tagsOf(query);
      const range = rangeOf(query);
      const explore = (from: DashboardHistory) => explorer.explore(name, tags, range, viewsOf(from));
      const metric = await answer(query, ['metric', name, [...tags]], range, explore, MAX_AGE_MS);
      if (metric === 'null' || (metric instanceof SourcedAnswer && metric.json === 'null')) {
        throw new ApiError(404, 'Unknown metric, or no series with these labels.');
      }
      return metric;
    },
  };
}

/** Returns a test for the names of the metrics of a view. */
function metricsOf({ panels }: View): (metric: string) => boolean {
  const metrics = new Set(panels.flatMap(({ queries }) => queries.map(({ metric }) => metric)));
  return (metric) => metrics.has(metric);
}

/** Adds what the history lacks to the data of a view. */
function* withNotes(
  steps: Generator<void, ViewData, void>,
  notesOf: () => readonly string[],
): Generator<void, ViewData, void> {
  const data = yield* steps;
  const notes = notesOf();
  return notes.length === 0 ? data : { ...data, notes };
}
