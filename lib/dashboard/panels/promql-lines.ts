import { type Expression, evaluate, selectionsOf } from '../../query/expression.js';
import type { MetricsHistory } from '../../query/metrics-history.js';
import { parsePromql } from '../../query/promql-parser.js';
import type { RangeSeries } from '../../query/range-query.js';
import { keyOf } from '../../query/label-sets.js';
import type { DashboardHistory } from '../dashboard-history.js';
import { rounded } from '../rounding.js';
import { chartTimes } from '../views/chart-times.js';
import type { TimeRange } from '../views/time-range.js';
import type { Line } from '../views/view-data.js';
import type { ShownPromqlLine } from './chart-content.js';

/** The most points of a line, each of which is a query of its own. */
const MAX_POINTS = 120;

type Steps<T> = Generator<void, T, void>;

/** The reader of the lines of queries in PromQL: of Prometheus, or of the history of this process. */
export class PromqlLines {
  constructor(
    private readonly own: MetricsHistory,
    private readonly from: DashboardHistory,
  ) {}

  /** Returns the metrics of a query. */
  metricsOf(line: ShownPromqlLine): string[] {
    return [...new Set(selectionsOf(this.expressionOf(line)).map(({ of }) => of.metric))];
  }

  /** Returns the times of the points of some queries in a range, oldest first. */
  timesOf(lines: readonly ShownPromqlLine[], range: TimeRange): number[] {
    const [metric] = lines.flatMap((line) => this.metricsOf(line)).filter((each) => this.from.typeOf(each));
    return metric === undefined ? [] : chartTimes(this.from, metric, range, MAX_POINTS);
  }

  /** Reads the lines of a query at some times. Yields after each point. */
  *read(line: ShownPromqlLine, times: readonly number[]): Steps<Line[]> {
    const expression = this.expressionOf(line);
    const series =
      this.from.expressionRange === undefined
        ? yield* this.evaluated(expression, times)
        : yield* this.from.expressionRange(expression, times);
    return series.map(({ labels, values }) => ({
      name: nameOf(line, labels),
      values: Array.from(values, (value) => (Number.isFinite(value) ? rounded(value) : null)),
    }));
  }

  private *evaluated(expression: Expression, times: readonly number[]): Steps<RangeSeries[]> {
    const found = new Map<string, RangeSeries>();
    for (const [i, at] of times.entries()) {
      for (const { labels, value } of evaluate(expression, this.own, at)) {
        const key = keyOf(labels);
        let series = found.get(key);
        if (series === undefined) {
          series = { labels, values: new Float64Array(times.length).fill(NaN) };
          found.set(key, series);
        }
        series.values[i] = value;
      }
      yield;
    }
    return [...found.values()];
  }

  private expressionOf({ promql }: ShownPromqlLine): Expression {
    return parsePromql(promql, (metric) => this.from.typeOf(metric));
  }
}

function nameOf({ promql, name }: ShownPromqlLine, labels: Readonly<Record<string, string>>): string {
  const values = Object.values(labels).filter((value) => value !== '');
  const all = name === undefined ? values : [...values, name];
  return all.length === 0 ? promql : all.join(' ');
}
