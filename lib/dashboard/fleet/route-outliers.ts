import { HTTP_METRICS } from '../../metrics/metric-names.js';
import { rounded } from '../rounding.js';
import type { FleetScope } from './fleet-question.js';
import { timesOf } from './outliers.js';
import type { PrometheusSeries } from './prometheus-answer.js';

/** A route that is much slower on one instance than on most. */
export interface RouteOutlier {
  readonly instance: string;
  readonly method: string;
  readonly route: string;
  readonly p99Seconds: number;
  /** Words such as "p99 4×". */
  readonly text: string;
}

/**
 * Returns the routes that are much slower on one instance than on most, the farthest from the median first.
 *
 * @param routes their p99, in seconds @param ratios the same as a multiple of the median
 */
export function routeOutliers(
  routes: readonly PrometheusSeries[],
  ratios: readonly PrometheusSeries[],
  { names, instanceLabel }: FleetScope,
): RouteOutlier[] {
  const renames = names.renamesOf([HTTP_METRICS.duration]);
  const valueOf = ({ labels }: PrometheusSeries, name: string): string =>
    labels[renames.get(name) ?? name] ?? '';
  const keyOf = (series: PrometheusSeries): string =>
    JSON.stringify([
      ...['method', 'route'].map((name) => valueOf(series, name)),
      series.labels[instanceLabel],
    ]);
  const p99s = new Map(routes.map((series) => [keyOf(series), series.values[0]]));
  return ratios
    .flatMap((series) => {
      const p99Seconds = p99s.get(keyOf(series));
      const [ratio = NaN] = series.values;
      if (p99Seconds === undefined || !Number.isFinite(ratio)) return [];
      const outlier = {
        instance: series.labels[instanceLabel] ?? '',
        method: valueOf(series, 'method'),
        route: valueOf(series, 'route'),
        p99Seconds: rounded(p99Seconds),
        text: `p99 ${timesOf(ratio, 1)}`,
      };
      return [{ ratio, outlier }];
    })
    .toSorted((a, b) => b.ratio - a.ratio)
    .map(({ outlier }) => outlier);
}
