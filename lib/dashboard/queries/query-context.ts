import type { VitalName } from '../../query/vital-definitions.js';
import { ApiError } from '../dashboard-api.endpoints.js';
import type { DashboardHistory } from '../dashboard-history.js';
import type { DashboardSources } from '../dashboard-sources.js';
import type { DashboardQueries } from '../dashboard.endpoints.js';
import { FleetAnswers } from '../fleet/fleet-answers.js';
import { OwnPanels } from '../panels/own-panels.js';
import { DashboardActions } from '../panels/panel-actions.js';
import { timeRange } from '../query-parameters.js';
import type { RangeAnswer } from '../range-answer.js';
import { ResponseCache } from '../response-cache.js';
import { rangeKey, type TimeRange } from '../views/time-range.js';
import { type Threshold, ViewReader } from '../views/view-data.js';

/** Age limit of responses that contain current values, in milliseconds. */
export const MAX_AGE_MS = 1_000;

/** The queries of one area of the dashboard. */
export type AreaQueries<Name extends keyof DashboardQueries> = Pick<DashboardQueries, Name>;

/** The parts that the queries of all areas share. */
export interface QueryContext {
  readonly sources: DashboardSources;
  readonly cache: ResponseCache;
  /** The instances in Prometheus, if there is one. */
  readonly fleet: FleetAnswers | undefined;
  readonly answer: RangeAnswer;
  /** Returns one answer to all pages that ask within a second, since each of them asks after each sample. */
  readonly shared: (key: readonly unknown[], read: () => unknown) => Promise<string>;
  /** Returns the range that a request asks for. @throws {ApiError} */
  readonly rangeOf: (query: URLSearchParams) => TimeRange;
  readonly thresholdsOf: (vital: VitalName) => readonly Threshold[];
  /** The views over this process. */
  readonly views: ViewReader;
  /** Returns the views over a history. */
  readonly viewsOf: (from: DashboardHistory) => ViewReader;
  /** The panels of the application, and the actions that they and the dependencies have. */
  readonly ownPanels: OwnPanels | undefined;
  readonly actions: DashboardActions | undefined;
}

/** Returns the context of the queries of a dashboard. */
export function queryContext(sources: DashboardSources): QueryContext {
  const { history, alerts, panels, fleet: fleetSource, names, instance } = sources;
  const thresholdsOf = (vital: VitalName) =>
    alerts.vitals().find(({ name }) => name === vital)?.thresholds ?? [];
  const viewsOf = (from: DashboardHistory) => new ViewReader(from, thresholdsOf, names);
  const cache = new ResponseCache(history);
  const fleet = fleetSource && new FleetAnswers(fleetSource, history, names, instance);
  return {
    sources,
    cache,
    fleet,
    answer: (query, key, range, compute, maxAgeMs) => {
      const ofProcess = (): Promise<string> =>
        cache.get(JSON.stringify([...key, rangeKey(range)]), () => compute(history), maxAgeMs);
      return fleet === undefined ? ofProcess() : fleet.answer(query, key, range, compute, ofProcess);
    },
    shared: (key, read) => cache.get(JSON.stringify(key), () => done(read()), MAX_AGE_MS),
    rangeOf: (query) => timeRange(query, history.intervalMs),
    thresholdsOf,
    views: viewsOf(history),
    viewsOf,
    ownPanels: panels && new OwnPanels(panels.explorer, panels.registry, panels.clocks),
    actions: panels && new DashboardActions(panels.registry),
  };
}

/** Returns what was found. @throws {ApiError} if there is no such thing */
export function known<T>(found: T | undefined, otherwise: string): T {
  if (found === undefined) throw new ApiError(404, otherwise);
  return found;
}

/** Returns the steps of a computation that is over. */
// oxlint-disable-next-line require-yield -- there is nothing left to do
export function* done(result: unknown): Generator<void, unknown, void> {
  return result;
}

/** Returns the label values of all parameters of the form `tag=name:value`. @throws {ApiError} */
export function tagsOf(query: URLSearchParams): ReadonlyMap<string, string> {
  return new Map(
    query.getAll('tag').map((tag) => {
      const at = tag.indexOf(':');
      if (at < 1) throw new ApiError(400, 'Each `tag` must have the form name:value.');
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}
