/** The number of lines that a person can still distinguish. */
const MOST = 10;

/**
 * Returns a query of the ten series with the highest values over the whole time range. A plain `topk()` chooses at every
 * step, so that far more than ten lines come and go.
 *
 * @param expr returns the query with a range of time, which is in place of `[5m]`
 */
export function top(expr: (range: string) => string, most: number = MOST): string {
  return `(${expr('[$__rate_interval]')}) and topk(${most}, ${expr('[$__range] @ end()')})`;
}

/** Returns a query of the ten series of a gauge that were highest within the time range. @param selector with braces */
export function topGauge(selector: string): string {
  return `${selector} and topk(${MOST}, max_over_time(${selector}[$__range] @ end()))`;
}

/** Returns a query of the ten results of an expression over gauges that were highest within the time range. */
export function topResults(expr: string): string {
  return `(${expr}) and topk(${MOST}, max_over_time((${expr})[$__range:] @ end()))`;
}
