import { DEFAULT_BUCKETS } from '../../metrics/buckets.js';
import { buckets, flag, list, type OptionTable, readOptions } from '../../options/option-table.js';

/** Options of the metrics of GraphQL operations. */
export interface GraphQLMetricsOptions {
  /**
   * Upper bounds of the buckets of `graphql_operation_duration_seconds` and `graphql_resolver_duration_seconds`, in
   * seconds.
   * @default 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
   */
  readonly buckets?: readonly number[];
  /**
   * Operation names that become values of the label `operation`, such as the names that your own clients use. Any
   * other operation is labelled with the root field that it selects, because clients can send arbitrary names.
   * @default []
   */
  readonly operationNames?: readonly string[];
  /**
   * True if each resolver is timed too, in `graphql_resolver_duration_seconds`.
   * @default false
   */
  readonly resolvers?: boolean;
}

export const GRAPHQL: OptionTable<GraphQLMetricsOptions> = {
  buckets: buckets(DEFAULT_BUCKETS),
  operationNames: list('an array of operation names', (name) => typeof name === 'string'),
  resolvers: flag(false),
};

/** Checks the options and fills in every default. @throws {MonitoringOptionsError} for invalid options */
export function resolveGraphQL(
  graphql: GraphQLMetricsOptions | false = {},
): Required<GraphQLMetricsOptions> | false {
  return graphql !== false && readOptions('graphql', graphql, GRAPHQL);
}
