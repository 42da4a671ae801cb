/** The names and labels of metrics: those of Prometheus client libraries, those of OpenTelemetry, or both. */
export type Convention = 'prometheus' | 'otel' | 'both';

/** The conventions that an option may name. */
export const CONVENTIONS: readonly Convention[] = ['prometheus', 'otel', 'both'];

/** A group of metrics that follows a convention as a whole. */
export type SemanticDomain = 'http' | 'database' | 'rpc' | 'runtime';

/** The convention of each group of metrics. */
export type ConventionByDomain = Readonly<Record<SemanticDomain, Convention>>;

/** Returns the same convention for all metrics. */
export function conventionOfAll(convention: Convention): ConventionByDomain {
  return { http: convention, database: convention, rpc: convention, runtime: convention };
}

/** Returns true if any metric has a name of OpenTelemetry. */
export function hasSemanticNames(conventions: ConventionByDomain): boolean {
  return Object.values(conventions).some((convention) => convention !== 'prometheus');
}

/**
 * Returns the conventions that the variable OTEL_SEMCONV_STABILITY_OPT_IN asks for: `http`, `database` and `rpc` for the
 * names of OpenTelemetry, and each with `/dup` for both names. Everything else keeps those of Prometheus.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/non-normative/http-migration/
 */
export function conventionsOptedIn(variable: string | undefined): ConventionByDomain {
  const values = new Set((variable ?? '').split(',').map((value) => value.trim()));
  const conventionOf = (name: string): Convention =>
    values.has(`${name}/dup`) ? 'both' : values.has(name) ? 'otel' : 'prometheus';
  return {
    http: conventionOf('http'),
    database: conventionOf('database'),
    rpc: conventionOf('rpc'),
    runtime: 'prometheus',
  };
}

/** The prefix of the metric of an instrument of OpenTelemetry that would have the name of a metric of this library. */
export const BRIDGED_PREFIX = 'otel_';
