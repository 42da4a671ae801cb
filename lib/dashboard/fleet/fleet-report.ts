import { VITAL_NAMES, type VitalName } from '../../query/vital-definitions.js';
import { rounded } from '../rounding.js';
import type { FleetAnswer } from './fleet-history.js';
import {
  figuresByInstance,
  type FleetInstance,
  type FleetVersion,
  InstanceTable,
  versionsOf,
} from './fleet-instances.js';
import { FleetQueries } from './fleet-queries.js';
import type { FleetScope } from './fleet-question.js';
import { FIGURE_NAMES, type Outlier, outliersOf } from './outliers.js';
import type { PrometheusSeries } from './prometheus-answer.js';
import type { PrometheusQuery } from './prometheus.client.js';
import { type RouteOutlier, routeOutliers } from './route-outliers.js';

/** All instances of the application. */
export interface FleetReport {
  /** Time of the figures, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Window of the figures, in milliseconds. */
  readonly windowMs: number;
  /** The instances that are down first, then by name. */
  readonly instances: readonly FleetInstance[];
  /** Number of instances that are left out. */
  readonly omitted: number;
  /** Versions with their instances, the most frequent first. */
  readonly versions: readonly FleetVersion[];
  /** Figures that are much higher than those of most instances, the farthest from the median first. */
  readonly outliers: readonly Outlier[];
  readonly routes: readonly RouteOutlier[];
  /** Vitals over all instances. */
  readonly vitals: Readonly<Partial<Record<VitalName, number>>>;
}

type Ask = (query: PrometheusQuery) => Promise<FleetAnswer>;

const MAX_INSTANCES = 200;
const MIN_WINDOW_MS = 60_000;

/**
 * Reads the instances of the application, and compares them.
 *
 * @param at time of the figures, and `startedAt` of this process, in milliseconds since the Unix epoch
 */
export async function readFleet(
  ask: Ask,
  scope: FleetScope,
  { at, rangeMs, startedAt }: { readonly at: number; readonly rangeMs: number; readonly startedAt: number },
): Promise<FleetReport> {
  const windowMs = Math.max(MIN_WINDOW_MS, rangeMs);
  const queries = new FleetQueries(scope, windowMs);
  const one = async (promql: string): Promise<readonly PrometheusSeries[]> =>
    (await ask({ promql, start: at, end: at, stepMs: 0 })).series;
  const [started, states, builds, runtimes, routes, ratios, figures, vitals] = await Promise.all([
    one(queries.started),
    one(queries.states),
    one(queries.infos('application_build_info')),
    one(queries.infos('monitoring_build_info')),
    one(queries.slowRoutes),
    one(queries.slowRouteRatios),
    Promise.all(FIGURE_NAMES.map(async (name) => [name, await one(queries.figure(name))] as const)),
    Promise.all(
      VITAL_NAMES.map(async (name) => [name, (await one(queries.vital(name)))[0]?.values[0]] as const),
    ),
  ]);
  const known = new InstanceTable(scope.instanceLabel, startedAt);
  known.add(started, states);
  known.describe(builds, runtimes);
  const figuresOf = figuresByInstance(figures, scope.instanceLabel);
  const outliers = outliersOf(figuresOf).map(roundedOutlier);
  const instances = known.instances(figuresOf, outliers);
  return {
    at,
    windowMs,
    instances: instances.slice(0, MAX_INSTANCES),
    omitted: Math.max(0, instances.length - MAX_INSTANCES),
    versions: versionsOf(instances),
    outliers,
    routes: routeOutliers(routes, ratios, scope),
    vitals: Object.fromEntries(
      vitals.flatMap(([name, value]) =>
        value === undefined || !Number.isFinite(value) ? [] : [[name, rounded(value)]],
      ),
    ),
  };
}

function roundedOutlier(outlier: Outlier): Outlier {
  return { ...outlier, value: rounded(outlier.value), median: rounded(outlier.median) };
}
