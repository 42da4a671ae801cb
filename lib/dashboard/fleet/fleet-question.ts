import type { Aggregation } from '../../metrics/metric-definition.js';
import type { ConventionalNames } from '../../query/conventional-names.js';
import type { Expression, MergeName, Selection } from '../../query/expression.js';
import type { Matcher } from '../../query/label-matchers.js';
import { promqlOf } from '../../query/promql.js';
import { type MetricStatistic, statisticExpression } from '../../query/statistic-expression.js';
import { exportedLabel, TARGET_LABELS, withLabels } from '../../query/target-labels.js';

/** A statistic of a metric over several instances; its grouping labels may contain the label of the instance. */
export interface FleetQuestion extends MetricStatistic {
  readonly aggregate: Aggregation | undefined;
  /** Merging of rates over the instances. @default 'sum' */
  readonly across?: 'sum' | 'avg';
}

/** The series of an application in a Prometheus. */
export interface FleetScope {
  readonly names: ConventionalNames;
  readonly instanceLabel: string;
  /** Matchers of every selector. */
  readonly matchers: readonly Matcher[];
  /** Labels that Prometheus gives to all series of a target. @default job and instance */
  readonly targetLabels?: readonly string[];
}

/** Merging over instances by the aggregation of a gauge over workers. What belongs to a machine or a server is averaged. */
const MERGES: Readonly<Record<Aggregation, MergeName>> = {
  sum: 'sum',
  process: 'sum',
  worker: 'sum',
  max: 'max',
  latest: 'max',
  min: 'min',
  first: 'min',
  average: 'avg',
  shared: 'avg',
};

/** Returns a question in PromQL, whose labels are those of Prometheus. */
export function promqlOfQuestion(
  question: FleetQuestion,
  { names, instanceLabel, matchers }: FleetScope,
): string {
  return promqlOf(names.translate(expressionOf(question, instanceLabel)), matchers);
}

/** Returns a question about the labels of a metric in PromQL; of them only the label of the instance is of Prometheus. */
export function promqlOfOwnQuestion(question: FleetQuestion, scope: FleetScope): string {
  const { names, instanceLabel, matchers } = scope;
  return promqlOf(
    withLabels(names.translate(expressionOf(question, instanceLabel)), exportedIn(scope)),
    matchers,
  );
}

/** Returns the function that returns what a label of a metric is called in Prometheus. */
export function exportedIn({
  instanceLabel,
  targetLabels = TARGET_LABELS,
}: FleetScope): (label: string) => string {
  const exported = exportedLabel(targetLabels);
  return (label) => (label === instanceLabel ? label : exported(label));
}

/** Returns the increase of the cumulative buckets of a histogram in PromQL, by `le`. */
export function promqlOfBuckets(of: Selection, windowMs: number, scope: FleetScope): string {
  const { names, matchers } = scope;
  const translated = names.translate({ kind: 'quantile', q: 0, of, windowMs, by: [] });
  const quantile = withLabels(translated, exportedIn(scope));
  // The rates of the buckets are what a percentile is made of.
  const [, rates = ''] = /^histogram_quantile\(0, (.*)\)$/s.exec(promqlOf(quantile, matchers)) ?? [];
  return `${windowMs / 1000} * ${rates}`;
}

/** Returns the selector of one of our metrics, with the matchers of the application. */
export function selectorInScope(of: Selection, { names, matchers }: FleetScope): string {
  return promqlOf(names.translate({ kind: 'last', of }), matchers);
}

/** Returns what our labels are called in the answer to a question, by our name. */
export function labelsInAnswer({ metric, groupBy }: FleetQuestion, scope: FleetScope): Map<string, string> {
  const renames = scope.names.renamesOf([metric]);
  const exported = exportedIn(scope);
  return new Map(groupBy.map((label) => [label, exported(renames.get(label) ?? label)]));
}

function expressionOf(question: FleetQuestion, instanceLabel: string): Expression {
  const { groupBy, aggregate = 'sum', across = 'sum' } = question;
  const mergedBy = (name: MergeName) => (of: Expression) => acrossInstances(name, of, groupBy, instanceLabel);
  return statisticExpression(question, {
    values: mergedBy(MERGES[aggregate]),
    // A figure of a machine or a server is the same in all instances there.
    rates: mergedBy(aggregate === 'shared' ? 'avg' : across),
  });
}

/** Returns the sum within each instance, as the history of one has it, merged over the instances. */
function acrossInstances(
  name: MergeName,
  of: Expression,
  by: readonly string[],
  instanceLabel: string,
): Expression {
  if (name === 'sum') return { kind: 'merge', name, by, of };
  const within: Expression = { kind: 'merge', name: 'sum', by: [...new Set([...by, instanceLabel])], of };
  return { kind: 'merge', name, by, of: within };
}
