import type { VitalName } from '../query/vital-definitions.js';
import { ApiError, SourcedAnswer } from './dashboard-api.endpoints.js';
import type { DashboardHistory } from './dashboard-history.js';
import type { DashboardQueries, DashboardSources } from './dashboard.endpoints.js';
import { endpointRows } from './endpoint-rows.js';
import { FleetAnswers } from './fleet/fleet-answers.js';
import { MetricExplorer } from './metric-explorer.js';
import { errorRow, ERROR_ORDERS, type ErrorSelection, selectErrors } from './errors/error-list.js';
import { limitOf, oneOf, textOf, timeRange } from './query-parameters.js';
import { OwnPanels } from './panels/own-panels.js';
import { DashboardActions } from './panels/panel-actions.js';
import { PanelQueries } from './panels/panel-queries.js';
import { dependencyQueries } from './dependencies/dependency-queries.js';
import { processSummary } from './process-summary.js';
import { ResponseCache } from './response-cache.js';
import { routeOf, RouteQueries, routeSelection } from './routes/route-queries.js';
import { incidentReport } from './incident.js';
import { readNow } from './now/now-data.js';
import type { VerdictCause } from './now/verdict.js';
import type { RangeAnswer } from './range-answer.js';
import { ruleOf, tryRule } from './rule-trial.js';
import { businessView } from './views/business-view.js';
import type { View } from './views/panel.js';
import { rangeKey } from './views/time-range.js';
import { isLibraryMetric } from './views/library-metrics.js';
import { type ViewData, ViewReader } from './views/view-data.js';
import { VIEWS } from './views/views.js';

/** Age limit of responses that contain current values, in milliseconds. */
const MAX_AGE_MS = 1_000;

/** Returns the queries behind the endpoints of the API, by the name of the endpoint. */
export function dashboardQueries(sources: DashboardSources): DashboardQueries {
  const { feed, history, registry, alerts, records, errors, blocks } = sources;
  const { startup, process, lastExit, memory, instance } = sources;
  const { panels, dependencies, fleet: fleetSource, names, retention, hasAuth } = sources;
  const thresholdsOf = (vital: VitalName) =>
    alerts.vitals().find(({ name }) => name === vital)?.thresholds ?? [];
  const viewsOf = (from: DashboardHistory) => new ViewReader(from, thresholdsOf, names);
  const views = viewsOf(history);
  const ofThis = new RouteQueries(registry, history, views, thresholdsOf);
  const routesOf = (from: DashboardHistory) =>
    from === history ? ofThis : new RouteQueries(registry, history, viewsOf(from), thresholdsOf, from);
  const explorer = new MetricExplorer(registry, history, views, names);
  const cache = new ResponseCache(history);
  const fleet = fleetSource && new FleetAnswers(fleetSource, history, names, instance);
  /** Returns an answer over all instances if there is a Prometheus that has it, or else over this process. */
  const answer: RangeAnswer = (query, key, range, compute, maxAgeMs) => {
    const ofProcess = (): Promise<string> =>
      cache.get(JSON.stringify([...key, rangeKey(range)]), () => compute(history), maxAgeMs);
    return fleet === undefined ? ofProcess() : fleet.answer(query, key, range, compute, ofProcess);
  };
  const rangeOf = (query: URLSearchParams) => timeRange(query, history.intervalMs);
  const ownPanels = panels && new OwnPanels(panels.explorer, panels.registry, panels.clocks);
  const panelQueries = ownPanels && new PanelQueries(ownPanels, history, viewsOf, answer, hasAuth);
  const actions = panels && new DashboardActions(panels.registry);
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
    overview: () => feed.current(),
    now: (query) => {
      const range = rangeOf(query);
      const ofProcess = () =>
        cache.get(JSON.stringify(['now', rangeKey(range)]), () => readNow(history, range));
      return (
        fleet?.now(
          query,
          range,
          { causes: () => records.causes() as readonly VerdictCause[], thresholdsOf },
          ofProcess,
        ) ?? ofProcess()
      );
    },
    incident: (query) => {
      const range = rangeOf(query);
      const compute = async () => done(await incidentReport(sources, range));
      return cache.get(JSON.stringify(['incident', rangeKey(range)]), compute, MAX_AGE_MS);
    },
    rule: (query) => {
      const rule = ruleOf(query, tagsOf(query), (metric) => history.typeOf(metric));
      const compute = async () => done(await tryRule(rule, (each) => alerts.backTest(each)));
      return cache.get(JSON.stringify(['rule', rule]), compute);
    },
    view: (query) => {
      const name = query.get('name');
      if (name === 'business') {
        return viewData(businessView(history), query, (metric) => !isLibraryMetric(metric));
      }
      const view = VIEWS.find((each) => each.name === name);
      if (view === undefined) throw new ApiError(404, 'Unknown view.');
      return viewData(view, query);
    },
    endpoints: (query) => {
      const range = rangeOf(query);
      return answer(query, ['endpoints'], range, (from) => endpointRows(from, range));
    },
    fleet: (query) => fleet?.report(rangeOf(query)) ?? { isConfigured: false },
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
    causes: () => ({ causes: records.causes() }),
    records: (query) => ({ records: findRecords(records, query) }),
    record: (query) => {
      const record = records.get(query.get('id') ?? '');
      if (record === undefined) throw new ApiError(404, 'The record is no longer kept.');
      return record;
    },
    errors: (query) => selectErrors(errors.find(errorQuery(query)), errors.dropped, errorSelection(query)),
    error: (query) => {
      const error = errors.get(query.get('id') ?? '');
      if (error === undefined) throw new ApiError(404, 'The group of errors is no longer kept.');
      return errorRow(error);
    },
    blocks: () => ({ blocks: blocks.find() }),
    'diagnostics/startup': () => known(startup.report(), 'The times of the start are not known.'),
    'diagnostics/process': async () => known(await process.report(), '`diagnostics.processInfo` is false.'),
    'diagnostics/in-flight': async () =>
      known(await process.inFlight(), '`diagnostics.processInfo` is false.'),
    'diagnostics/last-exit': () => ({
      enabled: lastExit.enabled,
      file: lastExit.file ?? null,
      exit: lastExit.get() ?? null,
    }),
    'diagnostics/memory': () => memory.report(),
    process: (query) => {
      const range = rangeOf(query);
      const compute = function* () {
        yield;
        return processSummary(sources, range, Date.now());
      };
      return cache.get(JSON.stringify(['process', rangeKey(range)]), compute, MAX_AGE_MS);
    },
    panels: (query) => known(panelQueries, 'There are no panels.').read(query, rangeOf(query)),
    'panels/action': (body) =>
      known(actions, 'There are no panels.').runOf(known(ownPanels, 'There are no panels.'), body),
    ...dependencyQueries(
      dependencies,
      answer,
      rangeOf,
      async () => (await feed.current()).health.checks,
      actions,
      hasAuth,
    ),
    alerts: () => ({
      alerts: alerts.alerts(),
      rules: alerts.rules(),
      silences: alerts.silences(),
      canSilence: hasAuth,
    }),
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

/** Returns the steps of a computation that is over. */
// oxlint-disable-next-line require-yield -- there is nothing left to do
function* done(result: unknown): Generator<void, unknown, void> {
  return result;
}

/** @throws {ApiError} if there is no such thing */
function known<T>(found: T | undefined, otherwise: string): T {
  if (found === undefined) throw new ApiError(404, otherwise);
  return found;
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

/** Returns the label values of all parameters of the form `tag=name:value`. */
function tagsOf(query: URLSearchParams): ReadonlyMap<string, string> {
  return new Map(
    query.getAll('tag').map((tag) => {
      const at = tag.indexOf(':');
      if (at < 1) throw new ApiError(400, 'Each `tag` must have the form name:value.');
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}
